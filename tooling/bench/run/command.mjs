// Runs a client as a person would, and tells what that took.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { Usage } from './usage.mjs';

const deadline = 3_600_000;

/** Bash counts the CPU of all that the program waited for, and writes it to descriptor 3. */
const counting = 'TIMEFORMAT="%3U %3S"; exec 4>&2; { time "$@" 2>&4 3>&- 4>&-; } 2>&3';

/**
 * Runs a program to its end.
 *
 * @param {{command: string, args: string[], env?: Record<string, string>, input?: string,
 *   cwd?: string}} what
 * @returns {Promise<{seconds: number, cpu: number, memory: number}>} seconds from start to end,
 *   seconds of CPU, bytes of memory
 */
export async function runCommand({ command, args, env = {}, input, cwd }) {
  const start = performance.now();
  const child = spawn('bash', ['-c', counting, 'bash', command, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe', 'pipe'],
    timeout: deadline,
  });
  const usage = new Usage([child.pid]);
  const [, , said, counted] = child.stdio.map((stream) => stream?.setEncoding?.('utf8'));
  const texts = Promise.all([textOf(said), textOf(counted)]);
  // One that has read enough ends when it likes.
  child.stdin?.on('error', () => undefined).end(input);
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - start) / 1000;
  const { memory } = await usage.end();
  const [error, cpu] = await texts;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed with ${code}: ${error}`);
  const [user, system] = cpu.trim().split(' ').map(Number);
  return { seconds, cpu: user + system, memory };
}

async function textOf(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}
