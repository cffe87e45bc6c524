// Starts and stops the programs of the contenders.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const deadline = 600_000;

/** Flags for the contenders' Node, such as --cpu-prof. */
const nodeFlags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');

/** Runs a contender's program in a role; its lines of JSON come one at a time. */
function run(contender, args) {
  const script = fileURLToPath(new URL(`contenders/${contender}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [...nodeFlags, script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: deadline,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${contender} ${args[0]} ended without a word`);
      return JSON.parse(value);
    },
  };
}

/** Starts a contender's server on a folder. */
export async function startServer(contender, directory) {
  const program = run(contender, ['serve', directory]);
  const { port } = await program.next();
  return {
    contender,
    directory,
    port,
    /** Stops the server and tells what it used. */
    async stop() {
      const exited = once(program.child, 'exit');
      program.child.stdin.end();
      const used = await program.next();
      await exited;
      return used;
    },
  };
}

/** Sends or gets one file with a contender's client; tells how long it took and what it used. */
export async function transfer(server, role, path) {
  const args = [role, path, String(server.port), server.directory];
  const program = run(server.contender, args);
  const exited = once(program.child, 'exit');
  const measured = await program.next();
  const [code] = await exited;
  if (code !== 0) throw new Error(`${server.contender} ${role} failed with ${code}`);
  return measured;
}
