import { expect } from '@jest/globals';

import { at, patternBytes, type StoreProbe } from '../../../src/store/conformance/context.js';
import { localCoordination } from '../../../src/store/coordination.js';
import { FolderSizes } from '../../../src/store/folder-sizes.js';
import type { Scenario } from './campaign.js';

const content = patternBytes(200_000);
/** So small that it is written and read at once. */
const small = patternBytes(20_000);
const old = { 'd/f': 'old', 'd/g': 'another' };
const replaced = { ...old, 'd/f': content };
const added = { ...old, 'd/new': content };

const roomForAll = new FolderSizes({ count: () => Promise.resolve(0), limit: Infinity });

const emptyDirectory = {
  folder: () => Promise.resolve(0),
  upload: () => Promise.resolve(0),
};

async function etagOf(probe: StoreProbe, path: string): Promise<string> {
  return (await probe.stat(path)).etag;
}

/** What a store does but for uploads that can be resumed. */
export function treeScenarios(): readonly Scenario[] {
  return [
    {
      name: 'storing a file in new folders',
      after: { 'a/b/f': content },
      run: ({ probe }) => probe.put('received/a/b/f', content),
    },
    {
      name: 'storing an empty file',
      after: { f: '' },
      run: ({ probe }) => probe.put('received/f', ''),
    },
    {
      name: 'storing a small file in new folders',
      after: { 'a/b/f': small },
      run: ({ probe }) => probe.put('received/a/b/f', small, { mode: 0o640 }),
    },
    {
      name: 'replacing a file by a small one',
      before: old,
      after: { ...old, 'd/f': small },
      run: ({ probe }) => probe.put('received/d/f', small),
    },
    {
      name: 'storing a small file where none is',
      before: old,
      after: { ...old, 'd/new': small },
      run: ({ probe }) => probe.put('received/d/new', small, { overwrite: 'never' }),
      again: ['conflict'],
    },
    {
      name: 'storing a small file where one is',
      before: old,
      run: async ({ probe }) => {
        const put = probe.put('received/d/f', small, { overwrite: 'never' });
        await expectCode(put, 'conflict');
      },
    },
    {
      name: 'reading a small file',
      before: { f: small },
      run: async ({ probe }) => {
        const bytes = await probe.get('received/f', 1000);
        expect(Buffer.from(small.subarray(1000)).equals(bytes)).toBe(true);
      },
    },
    {
      name: 'replacing a file',
      before: old,
      after: replaced,
      run: ({ probe }) => probe.put('received/d/f', content),
    },
    {
      name: 'storing a file where none is',
      before: old,
      after: added,
      run: ({ probe }) => probe.put('received/d/new', content, { overwrite: 'never' }),
      again: ['conflict'],
    },
    {
      name: 'storing a file where one is',
      before: old,
      run: async ({ probe }) => {
        const put = probe.put('received/d/f', content, { overwrite: 'never' });
        await expectCode(put, 'conflict');
      },
    },
    {
      name: 'replacing a file that is known',
      before: old,
      after: replaced,
      run: async ({ probe }) => {
        const found = await probe.get('received/d/f');
        if (found.length === content.length) return;
        const etag = await etagOf(probe, 'received/d/f');
        await probe.put('received/d/f', content, { overwrite: { etag } });
      },
    },
    {
      name: 'storing a file by names',
      before: old,
      after: { ...old, 'd/e/f': content },
      store: { access: 'names' },
      run: ({ probe }) => probe.put('received/d/e/f', content),
    },
    {
      name: 'storing a file among several processes',
      before: old,
      after: { ...old, 'd/e/f': content },
      store: { coordination: localCoordination(roomForAll, emptyDirectory) },
      run: async ({ probe }) => {
        await probe.makeDirectory('received/d/e');
        await probe.put('received/d/e/f', content);
      },
    },
    {
      name: 'giving an upload up',
      before: old,
      run: async ({ probe }) => {
        const upload = await probe.store.createUpload({ path: at('received/d/x') });
        try {
          await upload.write([content]);
        } finally {
          await upload.discard();
        }
      },
    },
    {
      name: 'reading a file',
      before: { f: content },
      run: async ({ probe }) => {
        const bytes = await probe.get('received/f', 1000);
        expect(Buffer.from(content.subarray(1000)).equals(bytes)).toBe(true);
      },
    },
    {
      name: 'listing folders',
      before: old,
      run: async ({ probe }) => {
        expect(await probe.names('received', { recursive: true })).toEqual(['d', 'd/f', 'd/g']);
        expect(await probe.names('')).toEqual(['received', 'vaults']);
      },
    },
    {
      name: 'looking at files and folders',
      before: old,
      run: async ({ probe }) => {
        expect(await probe.stat('received/d/f')).toMatchObject({ type: 'file', size: 3 });
        expect(await probe.stat('received/d')).toMatchObject({ type: 'directory' });
        await expectCode(probe.stat('received/x/y'), 'not-found');
      },
    },
    {
      name: 'making folders',
      before: old,
      run: async ({ probe }) => {
        await probe.makeDirectory('received/d/e/f');
        await probe.makeDirectory('vaults/a');
        expect(await probe.names('received/d/e')).toEqual(['f']);
      },
    },
    {
      name: 'renaming a file',
      before: old,
      after: { 'x/y/f': 'old', 'd/g': 'another' },
      run: ({ probe }) => probe.rename('received/d/f', 'received/x/y/f'),
      again: ['not-found'],
      stuck: { ...old, 'x/y/f': 'old' },
    },
    {
      name: 'renaming a file over another',
      before: old,
      after: { 'd/g': 'old' },
      run: ({ probe }) => probe.rename('received/d/f', 'received/d/g', 'always'),
      again: ['not-found'],
    },
    {
      name: 'renaming a folder',
      before: old,
      after: { 'x/d/f': 'old', 'x/d/g': 'another' },
      run: ({ probe }) => probe.rename('received/d', 'received/x/d'),
      again: ['not-found'],
    },
    {
      name: 'deleting a file',
      before: old,
      after: { 'd/g': 'another' },
      run: ({ probe }) => probe.delete('received/d/f'),
      again: ['not-found'],
    },
    {
      name: 'deleting an empty folder',
      before: old,
      prepare: ({ probe }) => probe.makeDirectory('received/e'),
      run: async ({ probe }) => {
        await probe.makeDirectory('received/e');
        await probe.delete('received/e');
      },
    },
    {
      name: 'deleting a folder with all that is in it',
      before: { ...old, 'd/e/h': 'deep', 'd/e/i': 'deep', k: 'beside' },
      after: { k: 'beside' },
      run: ({ probe }) => probe.delete('received/d', true),
      again: ['not-found'],
    },
  ];
}

/** What fails as it should is no failure of the operation; all else is. */
async function expectCode(call: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await call.then(
    () => new Error(`it did not fail with ${code}`),
    (reason: unknown) => reason,
  );
  if ((error as { code?: unknown }).code !== code) throw error;
}
