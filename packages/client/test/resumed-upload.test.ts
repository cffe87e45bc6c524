import { randomBytes } from 'node:crypto';
import { appendFileSync, readdirSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { FileTransferJournal, type Client, type Retry } from '../src/index.js';
import { versionOf } from '../src/transfer/source-version.js';
import { failureOf, makeFolder } from './home/support.js';
import { startBreakingPair } from './support/breaking-pair.js';
import { collect } from './support/collect.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

const kibibyte = 1024;
const size = 5 * 1024 * kibibyte;
/** What is on its way when a line breaks, and what new handshakes take. */
const lost = 1536 * kibibyte;

async function makeSource(): Promise<{ path: string; bytes: Buffer }> {
  const path = join(await makeFolder(), 'source');
  const bytes = randomBytes(size);
  await writeFile(path, bytes);
  return { path, bytes };
}

async function contentOf(client: Client, path: string): Promise<Buffer> {
  return Buffer.concat(await collect(client.read(path)));
}

/** A file whose time stamps show every further change. */
async function untilSettled(path: string): Promise<void> {
  while (!versionOf(await stat(path, { bigint: true })).isSettled) await delay(50);
}

describe('an upload', () => {
  test('goes on wherever the line breaks', async () => {
    const { join: enter, client: other } = await startBreakingPair();
    const { path, bytes } = await makeSource();
    const cuts = Array.from({ length: 48 }, (_, index) => index);
    const sendCut = async (index: number): Promise<void> => {
      const { client, line } = await enter();
      const after = (index * size) / cuts.length;
      line.cut('up', after);
      const before = line.passed.up;
      // Every other one from memory, and of those every other one with its digest.
      const source = index % 2 === 0 ? path : bytes;
      const name = `received/${index}`;
      const stored = await client.send(source, name, { checksum: index % 4 === 0 });
      expect(stored.size).toBe(size);
      expect(line.opened).toBe(2);
      expect(line.passed.up - before).toBeLessThan(size + lost);
      await client.close();
      expect((await contentOf(other, name)).equals(bytes)).toBe(true);
    };
    for (let start = 0; start < cuts.length; start += 8) {
      await Promise.all(cuts.slice(start, start + 8).map(sendCut));
    }
  }, 60_000);

  test('comes to its end when the line breaks again and again, as long as something arrives', async () => {
    const { join: enter, client: other } = await startBreakingPair();
    const { path, bytes } = await makeSource();
    const { client, line } = await enter({ retries: 1 });
    line.cut('up', 1200 * kibibyte, 2);
    await client.send(path, 'received/a', { checksum: true });
    expect(line.opened).toBe(3);
    await client.close();
    expect((await contentOf(other, 'received/a')).equals(bytes)).toBe(true);
  });

  test('that is too small for notes is gone on with all the same once it has broken', async () => {
    const { join: enter, client: other } = await startBreakingPair();
    const journal = await makeFolder();
    const bytes = randomBytes(3 * 1024 * kibibyte);
    const { client, line } = await enter({
      journal: new FileTransferJournal(journal),
      onRetry: () => {
        expect(readdirSync(journal)).toEqual([]);
        // From its second attempt on.
        if (line.opened === 1) line.cut('up', 2 * 1024 * kibibyte);
      },
    });
    line.cut('up', 1024 * kibibyte);
    const path = join(await makeFolder(), 'source');
    await writeFile(path, bytes);
    await client.send(path, 'received/a');
    expect(line.opened).toBe(3);
    // One mebibyte is sent for nothing, and hardly anything of the second attempt.
    expect(line.passed.up).toBeLessThan(bytes.length + 1024 * kibibyte + lost);
    expect(await readdir(journal)).toEqual([]);
    await client.close();
    expect((await contentOf(other, 'received/a')).equals(bytes)).toBe(true);
  });

  test('ends when nothing arrives, however much is sent', async () => {
    const { join: enter } = await startBreakingPair();
    const retries: Retry[] = [];
    const { client, line } = await enter({ retries: 2, onRetry: (retry) => retries.push(retry) });
    // Too small to be kept by the server, and larger than what passes.
    line.cut('up', 200 * kibibyte, 1000);
    const failure = await failureOf(client.send(Buffer.alloc(600 * kibibyte), 'received/a'));
    expect(failure.code).toBe('disconnected');
    expect(retries.length).toBe(2);
    await client.close();
  });

  test.each([
    ['small', 100],
    ['large', size],
  ])(
    'of a %s file whose answer was lost has happened, and is no conflict',
    async (_name, bytes) => {
      const { join: enter } = await startBreakingPair();
      const { client, line } = await enter();
      const stored = await client.send(Buffer.alloc(bytes), 'received/a', {
        overwrite: 'never',
        onProgress: ({ transferred }) => {
          if (transferred === bytes && line.opened === 1) line.cut('down', 0);
        },
      });
      expect(line.opened).toBe(2);
      expect(await client.stat('received/a')).toMatchObject({ size: bytes, etag: stored.etag });
      const again = client.send(Buffer.alloc(bytes), 'received/a', { overwrite: 'never' });
      expect((await failureOf(again)).code).toBe('conflict');
      await client.close();
    },
  );

  test('of a file that changes between two attempts is not finished', async () => {
    const { join: enter } = await startBreakingPair();
    const { path } = await makeSource();
    const { client, line } = await enter({
      onRetry: () => {
        appendFileSync(path, 'more');
      },
    });
    line.cut('up', 2 * 1024 * kibibyte);
    expect((await failureOf(client.send(path, 'received/a'))).code).toBe('local-file');
    expect((await failureOf(client.stat('received/a'))).code).toBe('not-found');
    await client.close();
  });

  test('of a stream is not tried again', async () => {
    const { join: enter } = await startBreakingPair();
    const retries: Retry[] = [];
    const { client, line } = await enter({ onRetry: (retry) => retries.push(retry) });
    line.cut('up', 2 * 1024 * kibibyte);
    const source = Readable.from(Array.from({ length: 30 }, () => Buffer.alloc(100 * kibibyte)));
    expect((await failureOf(client.send(source, 'received/a'))).code).toBe('disconnected');
    expect({ opened: line.opened, retries }).toEqual({ opened: 1, retries: [] });
    expect((await failureOf(client.stat('received/a'))).code).toBe('not-found');
    await client.close();
  });
});

describe('an upload that a later run goes on with', () => {
  async function brokenOff() {
    const pair = await startBreakingPair();
    const { path, bytes } = await makeSource();
    await untilSettled(path);
    const folder = await makeFolder();
    const run = () => pair.join({ journal: new FileTransferJournal(folder), retries: 0 });
    const { client, line } = await run();
    line.cut('up', 2 * 1024 * kibibyte);
    expect((await failureOf(client.send(path, 'received/a'))).code).toBe('disconnected');
    await client.close();
    expect((await readdir(folder)).length).toBe(1);
    return { ...pair, path, bytes, folder, run };
  }

  test('sends the rest only', async () => {
    const { path, bytes, folder, run, client: other } = await brokenOff();
    const { client, line } = await run();
    await client.send(path, 'received/a', { checksum: true });
    expect(line.passed.up).toBeLessThan(size - 2 * 1024 * kibibyte + lost);
    await client.close();
    expect((await contentOf(other, 'received/a')).equals(bytes)).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  test('begins anew when the file has changed', async () => {
    const { path, run, client: other } = await brokenOff();
    const newer = randomBytes(size);
    await writeFile(path, newer);
    const { client, line } = await run();
    await client.send(path, 'received/a');
    expect(line.passed.up).toBeGreaterThan(size);
    await client.close();
    expect((await contentOf(other, 'received/a')).equals(newer)).toBe(true);
  });

  test('is not taken for done when what it stored was removed since', async () => {
    const { path, bytes, run, client: other } = await brokenOff();
    const { client, line } = await run();
    // The end arrives, the answer does not: the record stays.
    const failure = await failureOf(
      client.send(path, 'received/a', {
        onProgress: ({ transferred }) => {
          if (transferred === size) line.cut('down', 0);
        },
      }),
    );
    expect(failure.code).toBe('disconnected');
    await client.close();
    await other.remove('received/a');
    const next = await run();
    await next.client.send(path, 'received/a');
    await next.client.close();
    expect((await contentOf(other, 'received/a')).equals(bytes)).toBe(true);
  });
});
