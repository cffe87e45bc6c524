import type { Access } from '@e2eeftp/protocol';

import { ServerError } from '../server-error.js';
import type { Command, CommandEffect } from './command.js';

const commandWord = /^[A-Z][A-Z0-9_]{0,63}$/u;

const allowedEffects: Readonly<Record<Access, readonly CommandEffect[]>> = {
  rw: ['none', 'read', 'send', 'change'],
  ro: ['none', 'read'],
  wo: ['none', 'send'],
  admin: ['none', 'read', 'send', 'change'],
};

/**
 * A server's commands by name. Both generations of the protocol dispatch from it.
 */
export class CommandTable {
  readonly #commands: ReadonlyMap<string, Command>;

  /**
   * @param commands - the commands; a later one replaces an earlier one of the same name
   * @throws ServerError `bad-option` for a name that is no command word
   */
  constructor(commands: readonly Command[]) {
    for (const { name } of commands) {
      if (!commandWord.test(name)) {
        throw new ServerError('bad-option', `"${name}" is no command word: use A-Z, 0-9 and _`);
      }
    }
    this.#commands = new Map(commands.map((command) => [command.name, command]));
  }

  /** All commands, in the order in which they were given. */
  get all(): readonly Command[] {
    return [...this.#commands.values()];
  }

  /**
   * @param name - a command's word, in any case
   * @returns the command, or `undefined` for an unknown one
   */
  find(name: string): Command | undefined {
    return this.#commands.get(name.toUpperCase());
  }
}

/**
 * @param access - what a client may do
 * @param effect - what a command does
 * @returns whether the client may use it
 */
export function isAllowed(access: Access, effect: CommandEffect): boolean {
  return allowedEffects[access].includes(effect);
}
