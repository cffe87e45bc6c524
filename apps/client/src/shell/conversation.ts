import { join } from 'node:path';

import { ClientHome, printable } from '@e2eeftp/client';
import { createColors } from 'picocolors';

import type { Invocation } from '../command.js';
import { KnownNames } from '../completion/known-names.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { completeLine } from './completion.js';
import { History } from './history.js';
import { LineEditor } from './line-editor.js';
import type { LineRunner } from './line-runner.js';
import { localNames } from './local-names.js';
import { RemoteNames } from './remote-names.js';
import { textOfFolder, type ShellWorkspace } from './shell-workspace.js';

/** Characters of the folder's path that a prompt has room for. */
const widestFolder = 40;

/** A shell at a terminal. */
export class Conversation {
  readonly #runner: LineRunner;
  readonly #workspace: ShellWorkspace;
  readonly #invocation: Invocation;
  readonly #remoteNames: RemoteNames;

  /**
   * @param runner - runs the lines
   * @param workspace - the shell's
   * @param invocation - the shell's
   */
  constructor(runner: LineRunner, workspace: ShellWorkspace, invocation: Invocation) {
    this.#runner = runner;
    this.#workspace = workspace;
    this.#invocation = invocation;
    this.#remoteNames = new RemoteNames(workspace);
  }

  /** @returns the exit code, once the user leaves */
  async run(): Promise<ExitCode> {
    const { output, signal } = this.#invocation;
    const history = new History(join(new ClientHome().path, 'history'));
    const { commands } = this.#runner;
    const known = new KnownNames(this.#invocation.global);
    const sources = { commands, local: localNames, remote: this.#remoteNames, known };
    const editor = new LineEditor(await history.read(), (line, until) =>
      completeLine(line, sources, until),
    );
    output.note('Type help for the commands, and exit or Ctrl-D to leave');
    while (!this.#runner.isOver) {
      const typed = await editor.read(this.#prompt(), signal);
      if (signal.aborted) return exitCodes.interrupted;
      if (typed.type === 'line') {
        await history.add(typed.line);
        await this.#runAlone(typed.line);
      } else {
        // Whatever comes next begins on a line of its own.
        process.stderr.write(typed.type === 'end' ? '\n' : '^C\n');
        if (typed.type === 'end') break;
        if (typed.isEmpty) output.note('To leave, type exit or press Ctrl-D');
      }
    }
    return exitCodes.done;
  }

  async #runAlone(line: string): Promise<void> {
    const interruption = this.#invocation.interruption.ofOne();
    try {
      await this.#runner.run(line, interruption);
    } finally {
      interruption.stop();
      this.#remoteNames.forget();
    }
  }

  #prompt(): string {
    const colors = createColors(process.env['NO_COLOR'] === undefined);
    const characters = Array.from(printable(textOfFolder(this.#workspace.folder)));
    const isLong = characters.length > widestFolder;
    const end = characters.slice(-widestFolder).join('');
    return `${colors.bold(`e2eeftp ${isLong ? '…' : ''}${end}`)}> `;
  }
}
