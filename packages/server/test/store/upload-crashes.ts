import { readFile, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { expect } from '@jest/globals';

import {
  keyOf,
  patternBytes,
  pointOf,
  randomNumbers,
  write,
  type StoreProbe,
} from '../../src/store/conformance/context.js';
import { StoreError } from '../../src/store/store-error.js';
import { startChild, type Child } from './child-process.js';
import { inTemporaryDirectory } from './temporary-directory.js';
import { filesOf, keptFiles, withStoreAt } from './uploads-fixture.js';

/** What a child has said about an upload. */
interface Said {
  readonly path: string;
  readonly content: Uint8Array;
  /** Whether it was open once, and so must be found. */
  wasOpened: boolean;
  /** Bytes that must be there: the last place that was told, or cut to. */
  kept: number;
  isStored: boolean;
}

/**
 * Kills a process again and again that makes uploads in one data directory, and looks after each
 * death at what is left of every upload: all that was acknowledged is there, nothing half is to be
 * seen, and whatever was broken can be brought to its end.
 *
 * @param kills - how often, at most 256 times
 * @param durability - that of the process's store
 */
export async function surviveKills(kills: number, durability: 'full' | 'relaxed'): Promise<void> {
  const random = randomNumbers(kills);
  await inTemporaryDirectory(async (directory) => {
    for (let owner = 0; owner < kills; owner++) {
      const child = await startChild('upload.mjs', [directory, durability, `${owner}`]);
      const said = await listenUntilKilled(child, random);
      expect(said.size).toBeGreaterThan(0);
      for (const [id, { content }] of said)
        await expectHonestJournal(directory, id, owner, content);
      await withStoreAt(directory, async (probe) => {
        await expectOnlyWholeFiles(probe, said);
        for (const [id, facts] of said) await bringToEnd(probe, id, owner, facts);
        await expectOnlyWholeFiles(probe, said);
        for (const name of await probe.names('received')) {
          await probe.delete(`received/${name}`, true);
        }
      });
      const parts = (await keptFiles(directory)).filter((name) => name.endsWith('.part'));
      expect(parts).toEqual([]);
    }
  });
}

/** Lets the child say some things, and some time pass, so that it dies in the middle of a step. */
async function listenUntilKilled(
  child: Child,
  random: (below: number) => number,
): Promise<Map<number, Said>> {
  const said = new Map<number, Said>();
  const listen = async (): Promise<boolean> => {
    const line = await child.nextLine();
    if (line !== undefined) note(said, line.split(' '));
    return line !== undefined;
  };
  for (let left = 1 + random(60); left > 0; left--) await listen();
  await delay(random(30));
  await child.kill();
  while (await listen());
  return said;
}

function note(said: Map<number, Said>, [word, idText, size = '', path = '']: string[]): void {
  const id = Number(idText);
  if (word === 'begins') {
    const content = patternBytes(Number(size), id);
    said.set(id, { path, content, wasOpened: false, kept: 0, isStored: false });
  }
  const facts = said.get(id);
  if (!facts) throw new Error('the child began with another word');
  if (word === 'opened') facts.wasOpened = true;
  if (word === 'goes-on') facts.kept = Number(size);
  if (word === 'stored') facts.isStored = true;
}

/** Before anything is opened again: the journal never says more than what is there, and right. */
async function expectHonestJournal(
  directory: string,
  id: number,
  owner: number,
  content: Uint8Array,
): Promise<void> {
  const { journal, part } = filesOf(directory, keyOf(id, owner));
  const text = await readFile(journal, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const { offset, done } = JSON.parse(text) as { offset: number; done: object | null };
  const handle = await open(part).catch(() => undefined);
  // Without bytes it is done, though it may not have come to saying so.
  if (!handle || done) return;
  try {
    const start = Buffer.alloc(offset);
    const { bytesRead } = await handle.read(start, 0, offset, 0);
    expect(bytesRead).toBe(offset);
    expect(start.equals(content.subarray(0, offset))).toBe(true);
  } finally {
    await handle.close();
  }
}

async function expectOnlyWholeFiles(
  probe: StoreProbe,
  said: ReadonlyMap<number, Said>,
): Promise<void> {
  const entries = await probe.list('received', { recursive: true });
  const uploads = new Map([...said.values()].map((facts) => [facts.path, facts.content]));
  for (const { path, type } of entries) {
    if (type === 'directory') continue;
    const content = uploads.get(`received/${path}`);
    if (!content) throw new Error(`nobody has sent ${path}`);
    expect(Buffer.compare(content, await probe.get(`received/${path}`))).toBe(0);
  }
  const paths = new Set(entries.map(({ path }) => `received/${path}`));
  for (const { isStored, path } of said.values()) if (isStored) expect(paths).toContain(path);
}

async function bringToEnd(
  probe: StoreProbe,
  id: number,
  owner: number,
  { path, content, wasOpened, kept, isStored }: Said,
): Promise<void> {
  const key = keyOf(id, owner);
  const found = await probe.find(key).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'not-found') return undefined;
    throw error;
  });
  if (isStored) expect(found?.done).toBeDefined();
  if (found?.done) {
    const { size, mtime, etag, mode } = await probe.stat(path);
    expect(found).toEqual({ offset: content.length, done: { size, mtime, etag, mode } });
    return;
  }
  if (wasOpened) expect(found).toBeDefined();
  const offset = found?.offset ?? 0;
  expect(offset).toBeGreaterThanOrEqual(kept);
  if (found) expect(found).toEqual(pointOf(content.subarray(0, offset)));
  const upload = await write(
    probe.resume(path, key, offset, content.length),
    content.subarray(offset),
  );
  await upload.commit({ overwrite: 'never' });
}
