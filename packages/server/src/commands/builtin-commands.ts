import type { Command } from '../command/command.js';
import { deleteCommand, mkdir, rename } from './change.js';
import { get } from './get.js';
import { hlist, ping, whoami } from './info.js';
import { list } from './list.js';
import { send } from './send.js';
import { stat } from './stat.js';

/**
 * The commands of the protocol (SPEC.md, commands). A server's table usually begins with them:
 * `commands: [...builtinCommands, mine]`.
 */
export const builtinCommands: readonly Command[] = [
  hlist,
  ping,
  whoami,
  list,
  stat,
  send,
  get,
  deleteCommand,
  rename,
  mkdir,
];
