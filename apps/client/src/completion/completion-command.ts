import { defineCommand, type Command } from '../command.js';
import { summaries } from '../commands/summaries.js';
import { UsageError } from '../failure.js';
import { bashScript } from './bash.js';
import { completionFacts, type CompletionFacts } from './facts.js';
import { fishScript } from './fish.js';
import { shells } from './fixed-words.js';
import { zshScript } from './zsh.js';

const scripts: Readonly<Record<(typeof shells)[number], (facts: CompletionFacts) => string>> = {
  bash: bashScript,
  fish: fishScript,
  zsh: zshScript,
};

/**
 * @param commands - loads the commands of the program, this one among them
 * @returns the command that writes completion scripts
 */
export function makeCompletionCommand(commands: () => Promise<readonly Command[]>): Command {
  return defineCommand({
    name: 'completion',
    usage: 'SHELL',
    summary: summaries.completion,
    details: `SHELL is bash, zsh or fish. The beginning of the script says how to have it in every shell.
Names on the server are completed where its key is known and yours needs no passphrase.`,
    arity: [1, 1],
    options: {},
    async run({ args, output }) {
      const name = shells.find((each) => each === args[0]);
      if (name === undefined) {
        throw new UsageError(`There is no script for "${args[0]}", only for ${shells.join(', ')}`);
      }
      const script = scripts[name](completionFacts(await commands()));
      await output.result({ type: 'script', shell: name, script }, script.trimEnd().split('\n'));
      return undefined;
    },
  });
}
