import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { open, stat } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { formatIdentity, Identity } from '@e2eeftp/crypto';
import {
  derive,
  handshakeHello,
  parseHello,
  payloadLength,
  type Keys,
} from '@e2eeftp/original-peer';
import { connectTcp, PushbackTransport } from '@e2eeftp/transport';

import type { Child } from '../store/child-process.js';
import { inTemporaryDirectory } from '../store/temporary-directory.js';
import { startChild } from '../support/child.js';

const mebibyte = 1024 * 1024;
const size = 300 * mebibyte;
const piece = randomBytes(mebibyte);
const sha256 = (() => {
  const hash = createHash('sha256');
  for (let sent = 0; sent < size; sent += piece.length) hash.update(piece);
  return hash.digest('hex');
})();

/** A client that holds no more of a file than the server may. */
class StreamingClient {
  readonly #identity: Identity;
  readonly #port: number;

  constructor(identity: Identity, port: number) {
    this.#identity = identity;
    this.#port = port;
  }

  async connect(): Promise<{ readonly transport: PushbackTransport; readonly keys: Keys }> {
    const tcp = await connectTcp({ host: '127.0.0.1', port: this.#port, timeout: 10_000 });
    const transport = new PushbackTransport(tcp);
    const { bytes, ephemeral } = handshakeHello(formatIdentity(this.#identity));
    await transport.write([bytes]);
    const hello = parseHello(Buffer.from(await transport.readExactly(132)));
    return { transport, keys: derive(ephemeral, hello.ephemeral) };
  }

  async send(name: string): Promise<string> {
    const { transport, keys } = await this.connect();
    try {
      const iv = randomBytes(16);
      const cipher = createCipheriv('aes-256-cbc', keys.encryption, iv);
      const tag = createHmac('sha256', keys.authentication).update(iv);
      await transport.write([Buffer.from(`SEND|${name}|${payloadLength(size)}\n`), iv]);
      for (let sent = 0; sent < size; sent += piece.length) {
        const sealed = cipher.update(piece);
        tag.update(sealed);
        await transport.write([sealed]);
      }
      const last = cipher.final();
      await transport.write([last, tag.update(last).digest()]);
      return Buffer.from((await transport.read()) ?? []).toString();
    } finally {
      transport.destroy();
    }
  }

  /** The SHA-256 of a file. */
  async get(name: string): Promise<string> {
    const { transport, keys } = await this.connect();
    try {
      await transport.write([Buffer.from(`GET|${name}\n`)]);
      const line = `200|${payloadLength(size)}\n`;
      expect(Buffer.from(await transport.readExactly(line.length)).toString()).toBe(line);
      const iv = await transport.readExactly(16);
      const decipher = createDecipheriv('aes-256-cbc', keys.encryption, iv);
      const tag = createHmac('sha256', keys.authentication).update(iv);
      const hash = createHash('sha256');
      for (let missing = payloadLength(size) - 16 - 32; missing > 0;) {
        const sealed = await transport.readExactly(Math.min(missing, 65_536));
        missing -= sealed.length;
        tag.update(sealed);
        hash.update(decipher.update(sealed));
      }
      expect(Buffer.from(await transport.readExactly(33))).toEqual(tag.digest());
      return hash.update(decipher.final()).digest('hex');
    } finally {
      transport.destroy();
    }
  }
}

async function factsOf(child: Child): Promise<{ memory: number; connections: number }> {
  child.say('');
  return JSON.parse((await child.nextLine()) ?? '{}') as { memory: number; connections: number };
}

async function hashOf(path: string): Promise<string> {
  const file = await open(path);
  const hash = createHash('sha256');
  for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

test('300 MiB go both ways in less than 150 MiB of the server’s memory', async () => {
  await inTemporaryDirectory(async (folder) => {
    const identity = Identity.generate();
    const key = Buffer.from(identity.publicKey).toString('base64');
    const child = await startChild('serve-v1.mjs', [folder, key]);
    try {
      const { port } = JSON.parse((await child.nextLine()) ?? '{}') as { port: number };
      const client = new StreamingClient(identity, port);
      expect(await client.send('large')).toBe('226|Transfer Complete\n');
      expect((await stat(`${folder}/received/large`)).size).toBe(size);
      expect(await hashOf(`${folder}/received/large`)).toBe(sha256);
      expect(await client.get('large')).toBe(sha256);
      expect((await factsOf(child)).memory).toBeLessThan(150);

      // Clients that stop reading make it hold nothing either, and not for long.
      const stopped = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const { transport } = await client.connect();
          await transport.write([Buffer.from('GET|large\n')]);
          await transport.readExactly(1000);
          return transport;
        }),
      );
      while ((await factsOf(child)).connections > 0);
      expect((await factsOf(child)).memory).toBeLessThan(150);
      for (const transport of stopped) transport.destroy();
    } finally {
      await child.kill();
    }
  });
}, 180_000);
