import { readdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';

import { FileTransferJournal, type Client } from '../src/index.js';
import { failureOf, makeFolder } from './home/support.js';
import { startBreakingPair, type BreakingPair } from './support/breaking-pair.js';
import { collect } from './support/collect.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

const kibibyte = 1024;
const size = 6 * 1024 * kibibyte;
/** What is received for nothing when a line breaks, and what new handshakes take. */
const lost = 1536 * kibibyte;

interface StoredPair extends BreakingPair {
  readonly bytes: Buffer;
}

async function startStoredPair(): Promise<StoredPair> {
  const pair = await startBreakingPair();
  const bytes = randomBytes(size);
  await pair.client.send(bytes, 'received/a');
  return { ...pair, bytes };
}

async function intoStream(client: Client): Promise<Buffer> {
  const target = new PassThrough();
  const content = buffer(target);
  await client.get('received/a', target);
  target.end();
  return content;
}

async function intoFile(client: Client): Promise<Buffer> {
  const path = join(await makeFolder(), 'a');
  await client.get('received/a', path);
  return readFile(path);
}

async function intoLoop(client: Client): Promise<Buffer> {
  return Buffer.concat(await collect(client.read('received/a')));
}

const ways: [string, (client: Client) => Promise<Buffer>][] = [
  ['into a file', intoFile],
  ['into a stream', intoStream],
  ['into a loop', intoLoop],
];

describe.each(ways)('a download %s', (_name, get) => {
  test('goes on wherever the line breaks', async () => {
    const { join: enter, bytes } = await startStoredPair();
    const cuts = Array.from({ length: 16 }, (_, index) => index * 400 * kibibyte);
    const getCut = async (after: number): Promise<void> => {
      const { client, line } = await enter();
      const before = line.passed.down;
      line.cut('down', after);
      expect((await get(client)).equals(bytes)).toBe(true);
      expect(line.opened).toBe(2);
      expect(line.passed.down - before).toBeLessThan(size + lost);
      await client.close();
    };
    for (let start = 0; start < cuts.length; start += 8) {
      await Promise.all(cuts.slice(start, start + 8).map(getCut));
    }
  }, 60_000);

  test('comes to its end when the line breaks again and again, as long as something comes', async () => {
    const { join: enter, bytes } = await startStoredPair();
    const { client, line } = await enter({ retries: 1 });
    line.cut('down', 640 * kibibyte, 4);
    expect((await get(client)).equals(bytes)).toBe(true);
    expect(line.opened).toBe(5);
    await client.close();
  });

  test('ends when nothing comes', async () => {
    const { join: enter } = await startStoredPair();
    let retries = 0;
    const { client, line } = await enter({ retries: 2, onRetry: () => (retries += 1) });
    line.cut('down', 20 * kibibyte, 1000);
    expect((await failureOf(get(client))).code).toBe('disconnected');
    expect(retries).toBe(2);
    await client.close();
  });
});

describe('a part of a file', () => {
  test('is received whole, wherever the line breaks', async () => {
    const { join: enter, bytes } = await startStoredPair();
    const range = { offset: 1000, length: 2 * 1024 * kibibyte };
    const { client, line } = await enter();
    line.cut('down', 1024 * kibibyte);
    const looped = Buffer.concat(await collect(client.read('received/a', range)));
    expect(looped.equals(bytes.subarray(1000, 1000 + range.length))).toBe(true);
    line.cut('down', 1024 * kibibyte);
    const path = join(await makeFolder(), 'a');
    await client.get('received/a', path, range);
    expect((await readFile(path)).equals(looped)).toBe(true);
    expect(line.opened).toBe(3);
    await client.close();
  });
});

describe('a file that changes on the server meanwhile', () => {
  /** Keeps the line down from the break on until there is another file. */
  async function changing(): Promise<{ client: Client; newer: Buffer }> {
    const { join: enter, client: other } = await startStoredPair();
    const newer = randomBytes(size);
    let change: (() => void) | undefined;
    const { client, line } = await enter({ onRetry: () => change?.() });
    change = () => {
      change = undefined;
      line.isDown = true;
      void other.send(newer, 'received/a').then(() => {
        line.isDown = false;
      });
    };
    line.cut('down', 2 * 1024 * kibibyte);
    return { client, newer };
  }

  test('is received from its beginning', async () => {
    const { client, newer } = await changing();
    expect((await intoFile(client)).equals(newer)).toBe(true);
    await client.close();
  });

  test('is a conflict where bytes of the older one cannot be taken back', async () => {
    for (const get of [intoStream, intoLoop]) {
      const { client } = await changing();
      expect((await failureOf(get(client))).code).toBe('conflict');
      await client.close();
    }
  });
});

test('a download that is too small for notes leaves nothing when it is broken off', async () => {
  const { join: enter, client: other } = await startStoredPair();
  await other.send(randomBytes(3 * 1024 * kibibyte), 'received/small');
  const [place, folder] = await Promise.all([makeFolder(), makeFolder()]);
  const { client, line } = await enter({ journal: new FileTransferJournal(folder), retries: 0 });
  line.cut('down', 2 * 1024 * kibibyte);
  const getting = client.get('received/small', join(place, 'a'), {
    onProgress: () => {
      expect(readdirSync(folder)).toEqual([]);
    },
  });
  expect((await failureOf(getting)).code).toBe('disconnected');
  expect(await readdir(place)).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
  await client.close();
});

describe('a download that a later run goes on with', () => {
  async function brokenOff() {
    const pair = await startStoredPair();
    const place = await makeFolder();
    const folder = await makeFolder();
    const run = () => pair.join({ journal: new FileTransferJournal(folder), retries: 0 });
    const { client, line } = await run();
    line.cut('down', 5 * 1024 * kibibyte);
    const target = join(place, 'a');
    const relativeTarget = relative('.', target);
    expect((await failureOf(client.get('received/a', relativeTarget))).code).toBe('disconnected');
    await client.close();
    const [name = ''] = await readdir(place);
    expect(name).toMatch(/^\.a\..*\.part$/u);
    const records = await readdir(folder);
    expect(records.length).toBe(1);
    /** What the next run makes of it; nothing but the file may stay. */
    const finish = async (): Promise<{ content: Buffer; received: number }> => {
      const next = await run();
      await next.client.get('received/a', target);
      await next.client.close();
      expect(await readdir(place)).toEqual(['a']);
      expect(await readdir(folder)).toEqual([]);
      return { content: await readFile(target), received: next.line.passed.down };
    };
    const record = join(folder, records[0] ?? '');
    return { ...pair, place, record, target, part: join(place, name), finish };
  }

  test('receives the rest only', async () => {
    const { bytes, finish } = await brokenOff();
    const { content, received } = await finish();
    expect(content.equals(bytes)).toBe(true);
    expect(received).toBeLessThan(size - 5 * 1024 * kibibyte + lost);
  });

  test('begins anew when the file on the server is another', async () => {
    const { client, finish } = await brokenOff();
    const newer = randomBytes(size);
    await client.send(newer, 'received/a');
    expect((await finish()).content.equals(newer)).toBe(true);
  });

  test.each<[string, (part: string) => Promise<void>]>([
    ['is missing', (part) => rm(part)],
    ['is shorter than it was', (part) => truncate(part, 1000)],
    ['is longer than the file', (part) => appendFile(part, Buffer.alloc(size))],
  ])('is right when the part %s', async (_name, damage) => {
    const { bytes, part, finish } = await brokenOff();
    await damage(part);
    expect((await finish()).content.equals(bytes)).toBe(true);
  });

  test('touches no other file, whatever the record says', async () => {
    const { bytes, part, place, record, finish } = await brokenOff();
    const precious = join(await makeFolder(), '.a.0123456789abcdef01234567.part');
    await writeFile(precious, 'precious');
    const text = await readFile(record, 'utf8');
    await writeFile(record, text.replace(part, precious));
    await rm(part);
    expect((await finish()).content.equals(bytes)).toBe(true);
    expect(await readFile(precious, 'utf8')).toBe('precious');
    expect(await readdir(place)).toEqual(['a']);
  });

  test('leaves nothing when the file is refused in the end', async () => {
    const { target, place, record, join: enter } = await brokenOff();
    await writeFile(target, 'older');
    const journal = new FileTransferJournal(join(record, '..'));
    const { client } = await enter({ journal });
    const getting = client.get('received/a', target, { overwrite: 'never' });
    expect((await failureOf(getting)).code).toBe('conflict');
    await client.close();
    expect(await readdir(place)).toEqual(['a']);
    expect(await readFile(target, 'utf8')).toBe('older');
    expect(await readdir(join(record, '..'))).toEqual([]);
  });
});

describe('a rate', () => {
  test('is not exceeded by all transfers together', async () => {
    const { join: enter, bytes } = await startStoredPair();
    const { client } = await enter({ connections: 2, rateLimit: 16 * 1024 * kibibyte });
    const start = performance.now();
    await Promise.all([intoFile(client), client.send(bytes, 'received/b')]);
    expect((await intoLoop(client)).equals(bytes)).toBe(true);
    // 18 MiB, less what may go at once.
    expect(performance.now() - start).toBeGreaterThan((18 / 16 - 0.25) * 1000 - 50);
    await client.close();
  });

  test('does not hold up a caller who gives up', async () => {
    const { join: enter } = await startStoredPair();
    const { client } = await enter({ rateLimit: 1000 });
    const sending = client.send(Buffer.alloc(size), 'received/b', {
      signal: AbortSignal.timeout(50),
    });
    expect((await failureOf(sending)).code).toBe('timed-out');
    const getting = client.get('received/a', new PassThrough(), {
      signal: AbortSignal.timeout(50),
    });
    expect((await failureOf(getting)).code).toBe('timed-out');
    await client.close();
  });
});
