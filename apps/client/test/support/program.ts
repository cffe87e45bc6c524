import { fileURLToPath } from 'node:url';

import { execa, type Options, type ResultPromise } from 'execa';

import { afterThisTest } from './cleanup.js';

/** The program as it is installed. */
export const mainPath = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

const usualSecondsToLive = 60;

/** What programs get of the surroundings: nothing that says whose they are. */
const kept = {
  PATH: process.env['PATH'] ?? '',
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
};

export interface RunOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What comes on standard input; an open one gives nothing, and does not end. */
  readonly input?: string | Uint8Array | { readonly isOpen: true } | undefined;
  /** After which it is killed. */
  readonly secondsToLive?: number | undefined;
}

export interface Finished {
  readonly exitCode: number | undefined;
  /** Latin-1, so that bytes stay what they are. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the program, and ends it with the test at the latest. */
export function start(args: readonly string[], options: RunOptions = {}): ResultPromise {
  return launch(process.execPath, [mainPath, ...args], options);
}

/** Runs the program to its end. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return finished(await start(args, options));
}

/** Runs a line of shell to its end; in it, `e2eeftp` is the program. */
export async function runShell(line: string, options: RunOptions = {}): Promise<Finished> {
  const script = `e2eeftp() { "${process.execPath}" "${mainPath}" "$@"; }\n${line}`;
  return finished(await launch('bash', ['-c', script], options));
}

/** Starts any program in the same way. */
export function launch(
  command: string,
  args: readonly string[],
  { cwd, env, input, secondsToLive = usualSecondsToLive }: RunOptions = {},
): ResultPromise {
  const settings: Options = {
    extendEnv: false,
    env: { ...kept, TZ: 'UTC', ...env },
    reject: false,
    timeout: secondsToLive * 1000,
    killSignal: 'SIGKILL',
    stripFinalNewline: false,
    encoding: 'latin1',
    maxBuffer: 200_000_000,
    ...(cwd !== undefined && { cwd }),
    ...standardInput(input),
  };
  const child = execa(command, args, settings);
  afterThisTest(() => {
    child.kill('SIGKILL');
    return child.then(() => undefined);
  });
  return child;
}

function standardInput(input: RunOptions['input']): Options {
  if (input === undefined) return { stdin: 'ignore' };
  return typeof input === 'object' && 'isOpen' in input ? { stdin: 'pipe' } : { input };
}

/** Waits until a program has said something on standard error. */
export async function untilSaid(child: ResultPromise, words: string): Promise<void> {
  let said = '';
  const { stderr } = child;
  if (!stderr) throw new Error('Nobody hears what it says');
  await new Promise<void>((resolve, reject) => {
    stderr.on('data', (chunk: Buffer | string) => {
      said += chunk.toString();
      if (said.includes(words)) resolve();
    });
    stderr.once('end', () => {
      reject(new Error(`It ended without "${words}": ${said}`));
    });
  });
}

export function finished(result: Awaited<ResultPromise>): Finished {
  const { exitCode, stdout, stderr } = result;
  return { exitCode, stdout: text(stdout), stderr: Buffer.from(text(stderr), 'latin1').toString() };
}

function text(output: unknown): string {
  return typeof output === 'string' ? output : '';
}
