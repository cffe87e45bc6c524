import type { Command } from '../command.js';
import { makeCompletionCommand } from '../completion/completion-command.js';
import { remoteNamesCommand } from '../completion/remote-names-command.js';
import { makeShellCommand } from '../shell/shell-command.js';
import { commands } from './commands.js';
import { initCommand } from './init.js';

/** A shell is at a server already. */
const shellCommands = commands.filter((command) => command !== initCommand);

/** Every command of the program, in the order of the help. */
export const programCommands: readonly Command[] = [
  ...commands,
  makeShellCommand(shellCommands),
  makeCompletionCommand(() => programCommands),
  remoteNamesCommand,
];
