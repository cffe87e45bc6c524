import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { connect, type Client } from '@e2eeftp/client';
import { parsePublicKey, type Identity } from '@e2eeftp/server';
import { execa } from 'execa';

const builtProgram = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What a run of the program came to. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts the program, with that command's arguments. */
  readonly wrapper?: readonly string[];
  /** Another copy of the program. */
  readonly program?: string;
}

/** Runs the program to its end. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await launch(args, options);
  return { exitCode, stdout, stderr };
}

type Process = ReturnType<typeof launch>;

function launch(
  args: readonly string[],
  { input = '', cwd, env = {}, wrapper = [], program = builtProgram }: RunOptions = {},
) {
  const [command, ...rest] = [...wrapper, process.execPath, program, ...args] as [string];
  return execa(command, rest, {
    input,
    ...(cwd !== undefined && { cwd }),
    env,
    reject: false,
    forceKillAfterDelay: false,
  });
}

/** The key of a client as `authorize` takes it. */
export function keyOf(identity: Identity): string {
  return Buffer.from(identity.publicKey).toString('base64');
}

/** A data directory, and the programs that run on it. */
export class Playground {
  readonly data: string;
  readonly #running: RunningServer[] = [];
  readonly #clients: Client[] = [];

  private constructor(data: string) {
    this.data = data;
  }

  static async make(): Promise<Playground> {
    return new Playground(await mkdtemp(join(tmpdir(), 'e2eeftp-server-app-')));
  }

  /** Runs a command on the data directory. */
  run(args: readonly string[], options?: RunOptions): Promise<Outcome> {
    return run([...args, '--data', this.data], options);
  }

  /** Starts a server at a port of the system's choice, and waits until it listens. */
  async start(args: readonly string[] = [], options?: RunOptions): Promise<RunningServer> {
    const server = this.launch(['start', '--data', this.data, '--port', '0', ...args], options);
    await server.listening();
    return server;
  }

  /** Starts the program as a server, with these arguments alone. */
  launch(args: readonly string[], options?: RunOptions): RunningServer {
    const server = new RunningServer(launch(args, options));
    this.#running.push(server);
    return server;
  }

  /**
   * Connects to a server, trusting the key in its data directory.
   *
   * @param retries - after how many more attempts an operation fails whose connection is gone
   */
  async connect(server: RunningServer, identity: Identity, retries?: number): Promise<Client> {
    const { host, port } = server;
    const publicKey = parsePublicKey(await readFile(join(this.data, 'known_server.pub'), 'utf8'));
    const client = await connect({ host, port, identity, server: publicKey, retries });
    this.#clients.push(client);
    return client;
  }

  /** Waits until something is being uploaded that is lost when it ends early. */
  async untilUploading(): Promise<void> {
    while ((await readdir(join(this.data, '.e2eeftp/uploads'))).length === 0) await delay(5);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close().catch(() => undefined)));
    await Promise.all(this.#running.map((server) => server.end('SIGKILL')));
    await rm(this.data, { recursive: true, force: true });
  }
}

/** A server that was started. */
export class RunningServer {
  readonly #process: Process;
  #output = '';
  host = '';
  port = 0;
  fingerprint = '';

  constructor(process: Process) {
    this.#process = process;
    process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
  }

  /** Lets nobody read what it writes to standard output. */
  stopReading(): void {
    this.#process.stdout.destroy();
  }

  /** Its process. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** What was written to standard output so far. */
  get output(): string {
    return this.#output;
  }

  /** The entries of the log, when it is JSON. */
  get log(): readonly Record<string, unknown>[] {
    return this.#output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Waits until it listens, whatever the format of its log is. */
  async listening(): Promise<void> {
    await this.until(/listening/iu);
    const json = /"host":"(?<host>[^"]+)","port":(?<port>\d+),"fingerprint":"(?<print>[^"]+)"/u;
    const text = /at (?<host>[\d.]+):(?<port>\d+), fingerprint (?<print>[A-Z2-7-]+)/u;
    const {
      host = '',
      port,
      print = '',
    } = (json.exec(this.#output) ?? text.exec(this.#output))?.groups ?? {};
    this.host = host;
    this.port = Number(port);
    this.fingerprint = print;
  }

  /** Waits until its output matches. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output)) {
      if (this.#process.exitCode !== null) {
        const { stderr } = await this.#process;
        throw new Error(`the server has ended: ${stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#process.stdout.once('data', () => resolve());
        void this.#process.finally(resolve);
      });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> {
    this.signal(signal);
    return this.ended();
  }

  async ended(): Promise<Outcome> {
    const { exitCode, stdout, stderr } = await this.#process;
    return { exitCode, stdout, stderr };
  }
}
