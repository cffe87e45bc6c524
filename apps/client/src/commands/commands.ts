import type { Command } from '../command.js';
import { commandsCommand } from './server-commands.js';
import { getCommand } from './get.js';
import { idCommand } from './id.js';
import { initCommand } from './init.js';
import { listCommand } from './list.js';
import { makeFolderCommand } from './make-folder.js';
import { moveCommand } from './move.js';
import { passphraseCommand } from './passphrase.js';
import { pingCommand } from './ping.js';
import { removeCommand } from './remove.js';
import { sendCommand } from './send.js';
import { statCommand } from './stat.js';
import { syncCommand } from './sync.js';
import { trustCommand } from './trust.js';
import { whoamiCommand } from './whoami.js';

/** The commands of the program, in the order of the help. */
export const commands: readonly Command[] = [
  initCommand,
  idCommand,
  passphraseCommand,
  trustCommand,
  sendCommand,
  getCommand,
  syncCommand,
  listCommand,
  statCommand,
  makeFolderCommand,
  moveCommand,
  removeCommand,
  pingCommand,
  whoamiCommand,
  commandsCommand,
];
