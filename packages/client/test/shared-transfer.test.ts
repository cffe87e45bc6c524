import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { FileTransferJournal, type Client } from '../src/index.js';
import { LocalFile } from '../src/transfer/local-file.js';
import { versionOf } from '../src/transfer/source-version.js';
import { failureOf, makeFolder } from './home/support.js';
import { startBreakingPair, type BreakingPair } from './support/breaking-pair.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

const size = 6 * 1024 * 1024;
const bytes = randomBytes(size);

interface Shared {
  readonly pair: BreakingPair;
  readonly target: string;
  readonly place: string;
  readonly records: string;
  readonly enter: () => ReturnType<BreakingPair['join']>;
}

async function share(): Promise<Shared> {
  const pair = await startBreakingPair();
  await pair.client.send(bytes, 'received/a');
  const place = await makeFolder();
  const records = await makeFolder();
  const enter = (): ReturnType<BreakingPair['join']> =>
    pair.join({ journal: new FileTransferJournal(records), retries: 0 });
  return { pair, place, target: join(place, 'a'), records, enter };
}

/** Leaves a part of a download behind. */
async function breakOff({ enter, target, place }: Shared): Promise<string> {
  const { client, line } = await enter();
  line.cut('down', 5 * 1024 * 1024);
  expect((await failureOf(client.get('received/a', target))).code).toBe('disconnected');
  await client.close();
  const [part = ''] = await readdir(place);
  return join(place, part);
}

async function getAndClose(client: Client, target: string): Promise<void> {
  await client.get('received/a', target);
  await client.close();
}

describe('one file that is received twice at once, with one journal', () => {
  test('is right, from the beginning and on from a part', async () => {
    const shared = await share();
    const { enter, target, place } = shared;
    for (const prepare of [() => Promise.resolve(''), () => breakOff(shared)]) {
      await prepare();
      const clients = await Promise.all([enter(), enter(), enter()]);
      await Promise.all(clients.map(({ client }) => getAndClose(client, target)));
      expect((await readFile(target)).equals(bytes)).toBe(true);
      expect(await readdir(place)).toEqual(['a']);
    }
  });

  test('begins anew while the process that began it is there', async () => {
    const shared = await share();
    const { enter, target, place, records } = shared;
    const part = await breakOff(shared);
    const before = await readFile(part);
    const [name = ''] = await readdir(records);
    const text = await readFile(join(records, name), 'utf8');
    // The one that has started this one lives longer.
    await writeFile(
      join(records, name),
      text.replace(`"pid":${process.pid}`, `"pid":${process.ppid}`),
    );
    const { client, line } = await enter();
    await getAndClose(client, target);
    expect(line.passed.down).toBeGreaterThan(size);
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect((await readFile(part)).equals(before)).toBe(true);
    expect((await readdir(place)).length).toBe(2);
  });

  test('goes on once that process is no more', async () => {
    const shared = await share();
    const { enter, target, place, records } = shared;
    await breakOff(shared);
    const [name = ''] = await readdir(records);
    const text = await readFile(join(records, name), 'utf8');
    // Above every number that a process can have.
    await writeFile(join(records, name), text.replace(`"pid":${process.pid}`, '"pid":2000000000'));
    const { client, line } = await enter();
    await getAndClose(client, target);
    expect(line.passed.down).toBeLessThan(size);
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect(await readdir(place)).toEqual(['a']);
  });
});

describe('a part that somebody else takes over', () => {
  test('is given its name by the later one alone', async () => {
    const path = join(await makeFolder(), 'a');
    const earlier = await LocalFile.create(path);
    await earlier.write([bytes.subarray(0, 2000)]);
    await earlier.keep();
    const later = await LocalFile.reopen(path, earlier.partPath, 1000, size);
    const latest = await LocalFile.reopen(path, later?.partPath ?? '', 1000, size);
    if (!later || !latest) throw new Error('It is not there');
    // Both write what is right, and only one may say that all of it is there.
    await later.write([bytes.subarray(1000, 5000)]);
    await latest.write([bytes.subarray(1000)]);
    expect((await failureOf(later.commit('always', undefined))).code).toBe('conflict');
    await later.discard();
    await latest.commit('never', undefined);
    await latest.discard();
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(await readdir(join(path, '..'))).toEqual(['a']);
  });
});

test('one file that is sent twice at once, with one journal, is right', async () => {
  const { enter, pair } = await share();
  const source = join(await makeFolder(), 'source');
  await writeFile(source, bytes);
  while (!versionOf(await stat(source, { bigint: true })).isSettled) await delay(50);
  const broken = await enter();
  broken.line.cut('up', 2 * 1024 * 1024);
  expect((await failureOf(broken.client.send(source, 'received/b'))).code).toBe('disconnected');
  await broken.client.close();
  const clients = await Promise.all([enter(), enter()]);
  await Promise.all(clients.map(({ client }) => client.send(source, 'received/b')));
  expect((await pair.client.getBytes('received/b')).equals(bytes)).toBe(true);
  for (const { client } of clients) await client.close();
});
