import { resolve } from 'node:path';

import { ClientHome } from '@e2eeftp/client';

import { defineCommand, type Command, type Invocation } from '../command.js';
import type { ExitCode } from '../exit-code.js';
import { globalOptions, type GlobalOptions } from '../global-options.js';
import type { OptionDefinitions } from '../option.js';
import { summaries } from '../commands/summaries.js';
import { canAsk } from '../prompt.js';
import { Conversation } from './conversation.js';
import { LineRunner } from './line-runner.js';
import { runScript } from './script.js';
import { ShellWorkspace } from './shell-workspace.js';

/**
 * @param commands - loads the commands of the program that the shell knows
 * @returns the command that runs them line by line
 */
export function makeShellCommand(commands: () => Promise<readonly Command[]>): Command {
  const run = (
    invocation: Invocation,
    { 'keep-going': keepsGoing }: { readonly 'keep-going': boolean },
  ): Promise<ExitCode> => commands().then((all) => runShell(invocation, keepsGoing, all));
  return defineCommand({
    name: 'shell',
    usage: '',
    summary: summaries.shell,
    details: `At a terminal, it asks for each line; Tab completes commands, options and names, and Ctrl-C
ends what is running and not the shell. Otherwise it runs the lines of standard input and
stops at the first one that fails. "help" in it says more. Other options hold for every line.`,
    arity: [0, 0],
    options: {
      'keep-going': {
        type: 'boolean',
        alias: 'k',
        describe: 'Run the lines after one that failed; only without a terminal',
      },
    },
    run,
    runV1: run,
  });
}

async function runShell(
  invocation: Invocation,
  keepsGoing: boolean,
  commands: readonly Command[],
): Promise<ExitCode> {
  const shell = { ...invocation, global: pinPaths(invocation.global) };
  const workspace = new ShellWorkspace(shell);
  const runner = new LineRunner({ invocation: shell, workspace, commands });
  try {
    // Where there is no way to the server, that is to be known before anything is typed.
    if (!shell.global.v1) await workspace.server(shell);
    if (!canAsk()) return await runScript(runner, shell, keepsGoing);
    return await new Conversation(runner, workspace, shell).run();
  } finally {
    await workspace.close();
  }
}

/** Paths that were given for the shell do not depend on where `lcd` goes. */
function pinPaths(global: GlobalOptions): GlobalOptions {
  process.env['E2EEFTP_HOME'] = resolve(new ClientHome().path);
  const definitions: OptionDefinitions = globalOptions;
  const pinned = Object.entries(global).map(([name, value]) => {
    const isPath = definitions[name]?.names === 'local' && typeof value === 'string';
    return [name, isPath ? resolve(value) : value];
  });
  return { ...global, ...Object.fromEntries(pinned) } as GlobalOptions;
}
