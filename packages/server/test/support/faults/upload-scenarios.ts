import { link, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@jest/globals';

import {
  keyOf,
  patternBytes,
  pointOf,
  write,
  type FoundUpload,
  type StoreProbe,
} from '../../../src/store/conformance/context.js';
import { FileStore } from '../../../src/store/file-store.js';
import type { OverwritePolicy } from '../../../src/store/store.js';
import { isStoreError } from '../../../src/store/system-errors.js';
import { filesOf } from '../../store/uploads-fixture.js';
import type { Place, Scenario } from './campaign.js';

/** So large that a store looks for room first. */
const content = patternBytes(1_200_000);
const half = 600_000;
const key = keyOf(1);
const path = 'received/d/f';
const stored = { 'd/f': content };
const journals = /\.json$/u;
const uploads = /\.(?:json|part)$/u;

async function find(probe: StoreProbe): Promise<FoundUpload | undefined> {
  try {
    return await probe.find(key);
  } catch (error) {
    if (isStoreError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Sends what is missing, as a client does that asks before how far it is. */
async function send(probe: StoreProbe, overwrite: OverwritePolicy, until?: number): Promise<void> {
  const found = await find(probe);
  if (found?.done) return;
  const { offset = 0 } = found ?? {};
  const upload = await probe.resume(path, key, offset, content.length);
  try {
    await upload.write([content.subarray(offset, until)]);
    if (until === undefined) await upload.commit({ overwrite });
  } finally {
    await upload.suspend();
  }
}

async function leave(probe: StoreProbe, length = half): Promise<void> {
  const upload = probe.resume(path, key, 0, content.length);
  await (await write(upload, content.subarray(0, length))).suspend();
}

/** What was told to be durable stays, right to the last bit. */
function keeps(length: number): NonNullable<Scenario['verify']> {
  return async ({ probe }) => {
    const found = await find(probe);
    if (found?.done) return;
    const offset = found?.offset ?? 0;
    expect(offset).toBeGreaterThanOrEqual(length);
    if (found) expect(found).toEqual(pointOf(content.subarray(0, offset)));
  };
}

/** As a process leaves it that dies between storing a file and saying so. */
async function dieBehind(place: typeof rename, { data, probe }: Place): Promise<void> {
  await leave(probe, content.length);
  await rm(join(data, path));
  const { part } = filesOf(data, key);
  await utimes(part, 1_600_000_000, 1_600_000_000);
  await place(part, join(data, path));
}

/** Uploads that can be resumed. */
export function uploadScenarios(): readonly Scenario[] {
  return [
    ...(['always', 'never'] as const).map((overwrite): Scenario => ({
      name: `sending a file that can be resumed, replacing ${overwrite}`,
      after: stored,
      run: ({ probe }) => send(probe, overwrite),
      verify: keeps(0),
      kept: journals,
    })),
    {
      name: 'breaking an upload off',
      run: ({ probe }) => send(probe, 'always', half),
      verify: async ({ probe }, hasSucceeded) => {
        await keeps(0)({ probe, data: '' }, hasSucceeded);
      },
      kept: uploads,
    },
    {
      name: 'going on with an upload',
      after: stored,
      prepare: ({ probe }) => leave(probe),
      run: ({ probe }) => send(probe, 'never'),
      verify: keeps(half),
      kept: journals,
    },
    {
      name: 'replacing a file that is known by one that can be resumed',
      before: { 'd/f': 'old' },
      after: stored,
      prepare: ({ probe }) => leave(probe),
      run: async ({ probe }) => send(probe, { etag: (await probe.stat(path)).etag }),
      verify: keeps(half),
      kept: journals,
    },
    {
      name: 'going back in an upload',
      prepare: ({ probe }) => leave(probe),
      run: async ({ probe }) => {
        const { offset = 0 } = (await find(probe)) ?? {};
        const place = Math.min(offset, 1000);
        await (await probe.resume(path, key, place, content.length)).suspend();
      },
      verify: keeps(0),
      kept: uploads,
    },
    {
      name: 'giving an upload up that can be resumed',
      prepare: ({ probe }) => leave(probe),
      run: async ({ probe }) => {
        const { offset = 0 } = (await find(probe)) ?? {};
        await (await probe.resume(path, key, offset, content.length)).discard();
      },
      verify: keeps(0),
      kept: uploads,
    },
    {
      name: 'taking an upload over',
      after: stored,
      run: async ({ probe }) => {
        const found = await find(probe);
        if (found?.done) return;
        const slow = await probe.resume(path, key, found?.offset ?? 0, content.length);
        try {
          await slow.write([content.subarray(found?.offset ?? 0, half)]);
          await send(probe, 'always');
        } finally {
          await slow.suspend();
        }
      },
      verify: keeps(0),
      kept: journals,
    },
    ...Object.entries({ link, rename }).map(([name, place]): Scenario => ({
      name: `asking for an upload whose process has died behind ${name}`,
      before: stored,
      prepare: (at) => dieBehind(place, at),
      run: async ({ probe }) => {
        expect((await probe.find(key)).done).toMatchObject({ size: content.length });
      },
      kept: journals,
    })),
    ...Object.entries({ link, rename }).map(([name, place]): Scenario => ({
      name: `starting where a process has died behind ${name}`,
      before: stored,
      store: false,
      prepare: async (at) => {
        await dieBehind(place, at);
        await leaveRubbish(at);
      },
      run: ({ data }) => openAndClose(data),
      verify: async ({ probe }) => {
        expect((await probe.find(key)).done).toMatchObject({ size: content.length });
        await expectOthers(probe);
      },
      kept: uploads,
    })),
    {
      name: 'starting with an unfinished upload',
      before: { f: 'old' },
      store: false,
      prepare: async (at) => {
        await leave(at.probe);
        await leaveRubbish(at);
      },
      run: ({ data }) => openAndClose(data),
      verify: async ({ probe }) => {
        expect(await probe.find(key)).toEqual(pointOf(content.subarray(0, half)));
        await expectOthers(probe);
      },
      kept: uploads,
    },
    {
      name: 'starting when the time of uploads is over',
      before: { f: 'old' },
      store: false,
      prepare: (at) => leave(at.probe),
      run: ({ data }) => openAndClose(data, -1),
      verify: async ({ probe }) => {
        const found = await find(probe);
        if (found) expect(found).toEqual(pointOf(content.subarray(0, half)));
      },
      kept: uploads,
    },
    {
      name: 'starting for the first time',
      store: false,
      run: ({ data }) => openAndClose(join(data, 'fresh')),
    },
  ];
}

async function openAndClose(directory: string, uploadLifetime?: number): Promise<void> {
  await (await FileStore.open({ directory, uploadLifetime })).close();
}

const otherKey = keyOf(2, 2);

/** What belongs to no upload, and an upload of another client beside it. */
async function leaveRubbish({ data, probe }: Place): Promise<void> {
  await (await write(probe.resume('received/other', otherKey), 'kept')).suspend();
  const { folder, journal } = filesOf(data, key);
  await writeFile(`${journal}.new`, 'half of a journal');
  await writeFile(join(folder, 'ab.part'), 'without a journal');
  await writeFile(join(data, '.e2eeftp/uploads', 'ab'), 'half of a file');
  await mkdir(join(data, '.e2eeftp/trash/ab/cd'), { recursive: true });
  await writeFile(join(data, '.e2eeftp/trash/ab/cd/f'), 'deleted');
}

async function expectOthers(probe: StoreProbe): Promise<void> {
  expect(await probe.find(otherKey)).toEqual(pointOf(Buffer.from('kept')));
}
