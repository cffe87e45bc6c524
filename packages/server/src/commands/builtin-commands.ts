import type { Command } from '../command/command.js';
import { card } from './card.js';
import { chmod, deleteCommand, mkdir, rename } from './change.js';
import { digest } from './digest.js';
import { get } from './get.js';
import { hlist, ping, whoami } from './info.js';
import { list } from './list.js';
import { mget } from './mget.js';
import { msend } from './msend.js';
import { resume } from './resume.js';
import { send } from './send.js';
import { stat } from './stat.js';

/**
 * The commands of the protocol (SPEC.md, commands). A server's table usually begins with them:
 * `commands: [...builtinCommands, mine]`. The first five are those of the first generation, in the
 * order in which it has always listed them.
 */
export const builtinCommands: readonly Command[] = [
  send,
  get,
  list,
  deleteCommand,
  hlist,
  msend,
  mget,
  resume,
  stat,
  digest,
  rename,
  mkdir,
  chmod,
  card,
  ping,
  whoami,
];
