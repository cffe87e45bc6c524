import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  newIdentity,
  startOriginalServer,
  type NewIdentity,
  type OriginalServer,
  type OriginalServerOptions,
} from '@e2eeftp/original-peer';

import { afterThisTest, makeFolder } from './cleanup.js';
import { run, runShell, type Finished, type RunOptions } from './program.js';

/** A server of the original, and a person with a working folder of the original's client. */
export class OriginalWorld {
  readonly folder: string;
  readonly server: OriginalServer;
  readonly me: NewIdentity;

  private constructor(folder: string, server: OriginalServer, me: NewIdentity) {
    this.folder = folder;
    this.server = server;
    this.me = me;
  }

  static async create(
    hooks: Omit<OriginalServerOptions, 'directory'> = {},
  ): Promise<OriginalWorld> {
    const folder = await makeFolder();
    const directory = join(folder, 'server');
    const me = newIdentity();
    await mkdir(join(folder, 'work'));
    await mkdir(directory);
    await writeFile(join(directory, 'authorized_clients.pub'), `${me.publicBase64}\n`);
    const server = await startOriginalServer({ directory, ...hooks });
    afterThisTest(() => server.close());
    const world = new OriginalWorld(folder, server, me);
    await world.write('known_server.pub', server.publicPem);
    await writeFile(join(world.work, 'client_id.key'), me.privatePem, { mode: 0o600 });
    return world;
  }

  get work(): string {
    return join(this.folder, 'work');
  }

  get home(): string {
    return join(this.folder, 'home');
  }

  /** What the program runs with. */
  get place(): { cwd: string; env: Record<string, string> } {
    const server = `127.0.0.1:${this.server.port}`;
    return { cwd: this.work, env: { E2EEFTP_HOME: this.home, E2EEFTP_SERVER: server } };
  }

  /** Runs the program in the working folder, with `--v1`. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const { cwd, env } = this.place;
    return run(['--v1', ...args], { cwd, ...options, env: { ...env, ...options.env } });
  }

  /** Runs a line of shell in the working folder; `e2eeftp` is the program. */
  shell(line: string): Promise<Finished> {
    return runShell(line, this.place);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(join(this.work, name), content);
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.work, name));
  }

  /** What is in the working folder besides the original's files. */
  async names(): Promise<string[]> {
    const names = await readdir(this.work);
    return names.filter((name) => !['known_server.pub', 'client_id.key'].includes(name)).sort();
  }

  /** What the server has. */
  async stored(): Promise<string[]> {
    return (await readdir(join(this.folder, 'server/received'))).sort();
  }

  storedContent(name: string): Promise<Buffer> {
    return readFile(join(this.folder, 'server/received', name));
  }

  async store(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(join(this.folder, 'server/received', name), content);
  }
}
