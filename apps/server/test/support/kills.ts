import { randomBytes, randomInt } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Client } from '@e2eeftp/client';
import { Identity } from '@e2eeftp/server';
import { expect } from '@jest/globals';

import { keyOf, Playground, type RunningServer } from './program.js';

const connections = 4;
const shared = 'received/shared';

/**
 * Kills the server again and again while clients send to it, and looks at the disk after each
 * death and each new start: every file of which a client has heard is there, bit by bit, and
 * nothing half is to be seen.
 *
 * @param kills - how often
 */
export async function surviveKills(kills: number): Promise<void> {
  const playground = await Playground.make();
  try {
    const identity = Identity.generate();
    await playground.run(['authorize', keyOf(identity)]);
    const files = new SentFiles(playground.data);
    for (let kill = 0; kill < kills; kill++) {
      const server = await playground.start();
      await files.verify();
      // Nobody waits for a server that is dead.
      const enter = (): Promise<Client> => playground.connect(server, identity, 0);
      const first = await enter();
      await files.removeFrom(first);
      const others = Array.from({ length: connections - 1 }, enter);
      await sendUntilKilled(server, [first, ...(await Promise.all(others))], files);
      await files.verify();
    }
    const server = await playground.start();
    await files.verify();
    expect(await readdir(join(playground.data, '.e2eeftp/uploads'))).toEqual([]);
    await server.end();
  } finally {
    await playground.remove();
  }
}

async function sendUntilKilled(
  server: RunningServer,
  clients: readonly Client[],
  files: SentFiles,
): Promise<void> {
  let isKilled = false;
  const enough = files.acknowledged + randomInt(25);
  const work = async (client: Client): Promise<void> => {
    try {
      for (;;) await files.send(client);
    } catch (error) {
      if (!isKilled) throw error;
    }
  };
  const kill = async (): Promise<void> => {
    while (files.acknowledged < enough) await delay(1);
    await delay(randomInt(20));
    isKilled = true;
    await server.end('SIGKILL');
  };
  await Promise.all([...clients.map(work), kill()]);
}

/** What was sent, and what of it must be there. */
class SentFiles {
  acknowledged = 0;
  readonly #data: string;
  readonly #files = new Map<string, { content: Buffer; isAcknowledged: boolean }>();
  /** What the file may be that all clients replace, over and over. */
  #versions: Buffer[] = [];
  #isSharedThere = false;
  #count = 0;

  constructor(data: string) {
    this.#data = data;
  }

  async send(client: Client): Promise<void> {
    const number = this.#count++;
    const content = randomBytes(randomInt(10) === 0 ? 4_000_000 : randomInt(500_000));
    if (number % 5 === 0) {
      this.#versions.push(content);
      await client.send(content, shared);
      this.#isSharedThere = true;
    } else {
      const path = `received/d${number % 3}/f${number}`;
      const file = { content, isAcknowledged: false };
      this.#files.set(path, file);
      await client.send(content, path, { overwrite: number % 2 === 0 ? 'never' : 'always' });
      file.isAcknowledged = true;
    }
    this.acknowledged++;
  }

  async verify(): Promise<void> {
    const visible = await this.#visible();
    for (const path of visible) {
      const found = await readFile(join(this.#data, path));
      const candidates = path === shared ? this.#versions : [this.#files.get(path)?.content];
      const isWhole = candidates.some((content) => content?.equals(found) === true);
      expect({ path, isWhole }).toEqual({ path, isWhole: true });
      if (path === shared) this.#versions = [found];
    }
    const acknowledged = [...this.#files].filter(([, { isAcknowledged }]) => isAcknowledged);
    const paths = acknowledged.map(([path]) => path);
    if (this.#isSharedThere) paths.push(shared);
    expect(paths.filter((path) => !visible.includes(path))).toEqual([]);
  }

  /** Removes what has been looked at, so that it need not be again. */
  async removeFrom(client: Client): Promise<void> {
    for (const path of await this.#visible()) if (path !== shared) await client.remove(path);
    this.#files.clear();
  }

  async #visible(): Promise<string[]> {
    const entries = await readdir(join(this.#data, 'received'), {
      recursive: true,
      withFileTypes: true,
    });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.#data.length + 1));
  }
}
