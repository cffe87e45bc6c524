import { readdir } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import {
  keyOf,
  patternBytes,
  pointOf,
  write,
  type StoreProbe,
} from '../../src/store/conformance/context.js';
import { startChild } from './child-process.js';
import { withMount } from './system-programs.js';
import { inTemporaryDirectory } from './temporary-directory.js';
import { filesOf, withStoreAt } from './uploads-fixture.js';

const mebibyte = 1024 * 1024;
const key = keyOf(1);
const noSpace = { code: 'no-space' };

/** Goes on with an upload where it is, and expects it whole. */
async function expectGoesOn(probe: StoreProbe, content: Uint8Array): Promise<void> {
  const found = await probe.find(key);
  expect(found).toEqual(pointOf(content.subarray(0, found.offset)));
  const upload = await write(
    probe.resume('received/f', key, found.offset),
    content.subarray(found.offset),
  );
  await upload.commit({ overwrite: 'always' });
  expect(Buffer.from(content).equals(await probe.get('received/f'))).toBe(true);
}

/** A limit on the size of files is the disk that ends, where nothing may be mounted. */
async function expectToGoOnBehindLimit(directory: string): Promise<void> {
  const content = patternBytes(3 * mebibyte);
  const wrapper = ['prlimit', `--fsize=${mebibyte}`];
  const child = await startChild('fill-upload.mjs', [directory, `${content.length}`], wrapper);
  expect(await child.nextLine()).toBe('too-large');
  expect(await child.nextLine()).toBe(`${mebibyte}`);
  await child.kill();
  await withStoreAt(directory, (probe) => expectGoesOn(probe, content));
}

test('an upload that was too large goes on once it is not', async () => {
  await inTemporaryDirectory(expectToGoOnBehindLimit);
});

test('an upload that found the disk full goes on once there is room', async () => {
  await inTemporaryDirectory(async (directory) => {
    const isMounted = await withMount(directory, 'size=8m', () => expectToGoOnWithRoom(directory));
    if (!isMounted) await expectToGoOnBehindLimit(directory);
  });
});

async function expectToGoOnWithRoom(directory: string): Promise<void> {
  const content = patternBytes(5 * mebibyte);
  await withStoreAt(directory, async (probe) => {
    await (await write(probe.resume('received/f', key), content.subarray(0, mebibyte))).suspend();
    await probe.put('received/ballast', patternBytes(4 * mebibyte));
    const fill = async (): Promise<void> => {
      const upload = await probe.resume('received/f', key, mebibyte);
      try {
        await upload.write([content.subarray(mebibyte)]);
        await upload.commit({ overwrite: 'always' });
      } finally {
        await upload.suspend();
      }
    };
    for (let turn = 0; turn < 3; turn++) {
      await expect(fill()).rejects.toMatchObject(noSpace);
      // What was told before stays true, though nothing new can be written down now.
      const { offset } = await probe.find(key);
      expect(offset).toBeGreaterThanOrEqual(mebibyte);
    }
    await expect(probe.resume('received/g', keyOf(2))).rejects.toMatchObject(noSpace);
    await expect(
      probe.store.createUpload({
        path: (await probe.stat('received/ballast')).path,
        size: 7 * mebibyte,
        resumable: { ...keyOf(3), offset: 0 },
      }),
    ).rejects.toMatchObject(noSpace);
    expect(await probe.names('received')).toEqual(['ballast']);
    await expect(probe.find(keyOf(2))).rejects.toMatchObject({ code: 'not-found' });
    await probe.delete('received/ballast');
    await expectGoesOn(probe, content);
  });
  await withStoreAt(directory, async (probe) => {
    expect((await probe.find(key)).done?.size).toBe(content.length);
    expect((await readdir(filesOf(directory, key).folder)).length).toBe(1);
  });
}

test('a disk that is full to the last byte keeps no finished upload from being told', async () => {
  await inTemporaryDirectory(async (directory) => {
    const isMounted = await withMount(directory, 'size=1m,nr_inodes=40', async () => {
      await withStoreAt(directory, async (probe) => {
        const content = patternBytes(300_000);
        const upload = await write(probe.resume('received/f', key), content);
        // No folder, no journal can be made from now on.
        const makeMany = async (): Promise<void> => {
          for (let count = 0; ; count++) await probe.makeDirectory(`received/d${count}`);
        };
        await expect(makeMany()).rejects.toMatchObject(noSpace);
        const done = await upload.commit({ overwrite: 'always' });
        expect(await probe.find(key)).toEqual({ offset: content.length, done });
      });
    });
    if (!isMounted) await expectToGoOnBehindLimit(directory);
  });
});
