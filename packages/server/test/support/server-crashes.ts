import { createHash, randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Identity } from '@e2eeftp/crypto';
import { connectTcp } from '@e2eeftp/transport';
import { expect } from '@jest/globals';

import { patternBytes, randomNumbers } from '../../src/store/conformance/context.js';
import { inTemporaryDirectory } from '../store/temporary-directory.js';
import { startChild } from './child.js';
import { Peer } from './peer.js';

const connections = 4;

/** A file that a client sends, until it hears that it is stored. */
interface Sent {
  readonly path: string;
  readonly content: Uint8Array;
  /** What it calls the upload, where it can go on with it. */
  readonly upload: Uint8Array | undefined;
  /** Bytes that the server has told to be durable, when it was asked. */
  promised: number;
}

/**
 * Kills a server program again and again while a client sends it files over several connections,
 * some of which can be resumed, and expects of each new start that every file of which the client
 * has heard is there, bit by bit, that nothing half is to be seen, and that what was broken goes on.
 *
 * @param kills - how often
 */
export async function surviveServerKills(kills: number): Promise<void> {
  await inTemporaryDirectory(async (directory) => {
    const client = new CrashClient(kills);
    await writeFile(join(directory, 'authorized_clients.pub'), `${client.key}\n`);
    for (let kill = 0; kill <= kills; kill++) {
      const server = await startChild('serve.mjs', [directory]);
      try {
        const port = Number(await server.nextLine());
        expect(await readdir(join(directory, '.e2eeftp/uploads'))).toEqual([]);
        await client.verify(port);
        if (kill < kills) await client.sendUntilKilled(port, () => server.kill());
        else await client.bringToEnd(port);
      } finally {
        await server.kill();
      }
    }
    expect(client.wrong).toEqual([]);
  });
}

class CrashClient {
  /** What should not have happened. */
  readonly wrong: string[] = [];
  readonly #identity = Identity.generate();
  readonly #random: (below: number) => number;
  /** Every file that may be there, and whether it must be. */
  readonly #files = new Map<string, { content: Uint8Array; isAcknowledged: boolean }>();
  /** Uploads that were broken. */
  readonly #broken: Sent[] = [];
  #count = 0;
  #acknowledged = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  /** What the server's owner authorizes. */
  get key(): string {
    return Buffer.from(this.#identity.publicKey).toString('base64');
  }

  /** Looks at every file that the server shows, and removes those of which all is known. */
  async verify(port: number): Promise<void> {
    const peer = await this.#connect(port);
    const open = new Map(this.#broken.map(({ path, content }) => [path, content]));
    const visible = await pathsBelow(peer, 'received');
    for (const path of visible) {
      const file = this.#files.get(path);
      const { body } = await peer.call('GET', { path });
      if (!file || !body?.bytes.equals(file.content)) this.wrong.push(`${path} is not as sent`);
      if (!open.has(path)) await peer.call('DELETE', { path });
    }
    for (const [path, { isAcknowledged }] of this.#files) {
      if (isAcknowledged && !visible.includes(path)) this.wrong.push(`${path} is lost`);
    }
    this.#files.clear();
    for (const [path, content] of open) this.#files.set(path, { content, isAcknowledged: false });
    await peer.close();
  }

  /** Sends files over several connections, and kills the server in the middle of it. */
  async sendUntilKilled(port: number, kill: () => Promise<void>): Promise<void> {
    let isKilled = false;
    const enough = this.#acknowledged + this.#random(30);
    const work = async (): Promise<void> => {
      let peer: Peer | undefined;
      try {
        peer = await this.#connect(port);
        for (;;) await this.#send(peer, this.#broken.pop() ?? this.#next());
      } catch (error) {
        if (!isKilled) throw error;
      } finally {
        peer?.transport.destroy();
      }
    };
    const workers = Array.from({ length: connections }, work);
    const killing = async (): Promise<void> => {
      while (this.#acknowledged < enough) await delay(1);
      await delay(this.#random(20));
      isKilled = true;
      await kill();
    };
    await Promise.all([...workers, killing()]);
  }

  /** Goes on with everything that was broken, until it is stored. */
  async bringToEnd(port: number): Promise<void> {
    const peer = await this.#connect(port);
    for (let sent = this.#broken.pop(); sent; sent = this.#broken.pop()) {
      await this.#send(peer, sent);
    }
    await peer.close();
    await this.verify(port);
  }

  async #connect(port: number): Promise<Peer> {
    const transport = await connectTcp({ host: '127.0.0.1', port, timeout: 5000 });
    try {
      return await Peer.connect(transport, this.#identity);
    } catch (error) {
      transport.destroy();
      throw error;
    }
  }

  #next(): Sent {
    const number = this.#count++;
    const random = this.#random;
    return {
      path: `received/d${number % 5}/f${number}`,
      content: patternBytes(random(10) === 0 ? 5_000_000 : random(600_000), number),
      upload: random(3) === 0 ? undefined : randomBytes(16),
      promised: 0,
    };
  }

  async #send(peer: Peer, sent: Sent): Promise<void> {
    try {
      this.#files.set(sent.path, { content: sent.content, isAcknowledged: false });
      while (!(await this.#sendOnce(peer, sent)));
      // What is acknowledged is there whatever happens next.
      this.#files.set(sent.path, { content: sent.content, isAcknowledged: true });
      this.#acknowledged++;
    } catch (error) {
      if (sent.upload) this.#broken.push(sent);
      throw error;
    }
  }

  /** Sends the file, or some more of it. */
  async #sendOnce(peer: Peer, sent: Sent): Promise<boolean> {
    const { path, content, upload } = sent;
    const offset = upload && (await this.#placeOf(peer, sent));
    if (offset === 'done') return true;
    const rest = content.subarray(offset ?? 0);
    const isCut = upload !== undefined && this.#random(3) === 0;
    await peer.request(
      'SEND',
      { path, size: content.length, ...(upload && { upload, offset }) },
      true,
    );
    const length = isCut ? this.#random(rest.length + 1) : rest.length;
    for (let start = 0; start < length; start += 100_000) {
      await peer.data(rest.subarray(start, Math.min(start + 100_000, length)));
    }
    await peer.end(
      isCut ? { ok: false, text: '' } : { ok: true, size: rest.length, sha256: sha256(content) },
    );
    const { status } = await peer.answer();
    if (status !== (isCut ? 400 : 226))
      this.wrong.push(`SEND of ${path} was answered by ${status}`);
    return !isCut;
  }

  async #placeOf(peer: Peer, sent: Sent): Promise<number | 'done'> {
    const { status, result } = await peer.call('RESUME', { upload: sent.upload, digest: true });
    if (status === 404) {
      if (sent.promised > 0) this.wrong.push(`the upload of ${sent.path} is lost`);
      return 0;
    }
    const {
      offset,
      sha256: digest,
      done,
    } = result as unknown as {
      offset: number;
      sha256?: Uint8Array;
      done?: { size: number };
    };
    if (done) {
      if (done.size !== sent.content.length)
        this.wrong.push(`${sent.path} is done at ${done.size}`);
      return 'done';
    }
    const isRight = sha256(sent.content.subarray(0, offset)).equals(digest ?? new Uint8Array());
    if (offset < sent.promised || !isRight) this.wrong.push(`${sent.path} has lost bytes`);
    sent.promised = offset;
    return offset;
  }
}

async function pathsBelow(peer: Peer, folder: string): Promise<string[]> {
  const { result } = await peer.call('LIST', { path: folder, recursive: true });
  const { entries } = result as { entries: { path: string; type: string }[] };
  return entries.filter(({ type }) => type === 'file').map(({ path }) => `${folder}/${path}`);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
