// Starts and stops the programs of the contenders.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const deadline = 600_000;

/** Flags for the contenders' Node, such as --cpu-prof. */
const nodeFlags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');

/** A contender's program that runs in a Node of its own. */
export function nodeProgram(name, script) {
  return { name, command: [process.execPath, ...nodeFlags, fileURLToPath(script)] };
}

/** Runs a contender's program in a role; its lines of JSON come one at a time. */
function run({ name, command: [executable, ...first] }, args, cwd) {
  const child = spawn(executable, [...first, ...args], {
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: deadline,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} ${args[0]} ended without a word`);
      return JSON.parse(value);
    },
  };
}

/**
 * Starts a contender's server.
 *
 * @param program the contender's program
 * @param {string[]} args the role and what it needs
 */
export async function startServer(program, args) {
  const { child, next } = run(program, args);
  const { port } = await next();
  return {
    port,
    /** Stops the server and tells what it used. */
    async stop() {
      const exited = once(child, 'exit');
      child.stdin.end();
      const used = await next();
      await exited;
      return used;
    },
  };
}

/**
 * Sends or gets one file with a contender's client; tells how long it took and what it used.
 *
 * @param program the contender's program
 * @param {string[]} args the role and what it needs
 * @param {string} [cwd] the folder that it works in
 */
export async function transfer(program, args, cwd) {
  const { child, next } = run(program, args, cwd);
  const exited = once(child, 'exit');
  const measured = await next();
  const [code] = await exited;
  if (code !== 0) throw new Error(`${program.name} ${args[0]} failed with ${code}`);
  return measured;
}
