import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How a server is started that logs into a file. */
export interface FollowedServerOptions {
  /** What is typed, the last line of which is the server. */
  readonly script: string;
  /** The folder of the programs. */
  readonly path: string;
  /** The file. */
  readonly log: string;
}

/** A server that somebody started from a shell, and whose log goes into a file. */
export class FollowedServer {
  readonly #process: ChildProcess;
  readonly #log: string;
  /** Characters of the log that are of earlier servers. */
  readonly #start: number;
  port = 0;

  private constructor(process: ChildProcess, log: string, start: number) {
    this.#process = process;
    this.#log = log;
    this.#start = start;
  }

  /** Starts it at a port of the system's choice, and waits until it listens. */
  static async start({ script, path, log }: FollowedServerOptions): Promise<FollowedServer> {
    const { length } = await readFile(log, 'utf8').catch(() => '');
    // The shell makes way for the server, so that signals reach it.
    const lines = script.trim().split('\n');
    const last = lines.pop() ?? '';
    const process = spawn('sh', ['-eu', '-c', [...lines, `exec ${last}`].join('\n')], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...globalThis.process.env,
        PATH: [path, globalThis.process.env['PATH']].join(delimiter),
        E2EEFTP_SERVER_PORT: '0',
      },
    });
    const server = new FollowedServer(process, log, length);
    const [, port] = await server.until(/"port":(\d+),[^\n]*"msg":"listening"/u);
    server.port = Number(port);
    return server;
  }

  /** Waits until its log matches. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const text = await readFile(this.#log, 'utf8').catch(() => '');
      const match = pattern.exec(text.slice(this.#start));
      if (match) return match;
      if (this.#process.exitCode !== null) throw new Error(`the server has ended: ${text}`);
      await delay(10);
    }
  }

  /** Ends it, and waits for its end. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}
