// Runs the clients in a process of its own, which stays small: the larger a process is, the longer it
// takes to start another, and this one has read nothing.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { runCommand } from './command.mjs';

/** @typedef {Parameters<typeof runCommand>[0]} Command */
/** @typedef {Awaited<ReturnType<typeof runCommand>>} Run */

/** Runs clients elsewhere. */
export class Runner {
  #process = fork(fileURLToPath(import.meta.url), { execArgv: [] });

  /**
   * Runs programs at the same time, to the end of the last.
   *
   * @param {Command[]} commands
   * @returns {Promise<{seconds: number, runs: Run[]}>} seconds for all, and what each took
   */
  async run(commands) {
    const answered = new AbortController();
    const { signal } = answered;
    this.#process.send(commands);
    try {
      const [answer] = await Promise.race([
        once(this.#process, 'message', { signal }),
        this.#death(signal),
      ]);
      if (typeof answer === 'string') throw new Error(answer);
      return answer;
    } finally {
      answered.abort();
    }
  }

  /** Ends it. */
  stop() {
    if (this.#process.connected) this.#process.disconnect();
  }

  async #death(signal) {
    await once(this.#process, 'exit', { signal });
    throw new Error('The process that runs the clients has ended');
  }
}

async function runAll(commands) {
  const begin = performance.now();
  const runs = await Promise.all(commands.map(runCommand));
  const all = (performance.now() - begin) / 1000;
  return { seconds: runs.length > 1 ? all : runs[0].seconds, runs };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.on('message', (commands) => {
    runAll(commands).then(
      (answer) => process.send(answer),
      (error) => process.send(error.message),
    );
  });
}
