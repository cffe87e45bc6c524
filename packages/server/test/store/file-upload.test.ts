import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { parsePath } from '@e2eeftp/protocol';

import { FileUpload } from '../../src/store/uploads/file-upload.js';
import { UploadJournal } from '../../src/store/uploads/upload-journal.js';
import { inTemporaryDirectory } from './temporary-directory.js';

const mebibyte = 1024 * 1024;

/** How a disk answers when it is to make bytes durable. */
type Flush = (handle: FileHandle, call: 'sync' | 'datasync') => Promise<void>;

/** An upload on such a disk. */
interface Fixture {
  readonly upload: FileUpload;
  /** Bytes that the journal says to whoever reads it; nothing when there is none. */
  readonly offset: () => Promise<number | undefined>;
  /** The files of the upload. */
  readonly names: () => Promise<string[]>;
}

function withUpload(flush: Flush, work: (fixture: Fixture) => Promise<void>): Promise<void> {
  return inTemporaryDirectory(async (directory) => {
    const [part, path] = [join(directory, 'a.part'), join(directory, 'a.json')];
    const file = await open(part, 'wx+');
    const state = { path: parsePath('received/f'), size: null, offset: 0, inode: '', done: null };
    const upload = new FileUpload(
      { flushTurn: { isTaken: false }, place: () => Promise.reject(new Error('not that far')) },
      {
        path: part,
        handle: flushingBy(flush, file),
        journal: await UploadJournal.create(path, state),
      },
    );
    const offset = async () => (await UploadJournal.read(path))?.state.offset;
    try {
      await work({ upload, offset, names: () => readdir(directory) });
    } finally {
      await upload.discard();
    }
  });
}

function flushingBy(flush: Flush, file: FileHandle): FileHandle {
  return new Proxy(file, {
    get(target, name) {
      if (name === 'sync' || name === 'datasync') return () => flush(file, name);
      const value: unknown = Reflect.get(target, name);
      // A method of a handle works only on the handle itself, not on a proxy.
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => Reflect.apply(value, target, args);
    },
  });
}

/** A system tells of a failed flush once: the next one succeeds, and the bytes are lost. */
function failingOnce(name: 'sync' | 'datasync'): Flush {
  let hasFailed = false;
  return async (handle, call) => {
    if (call === name && !hasFailed) {
      hasFailed = true;
      throw Object.assign(new Error('the disk is gone'), { code: 'EIO' });
    }
    await handle.sync();
  };
}

test.each(['suspend', 'fence', 'commit'] as const)(
  'bytes whose flush has failed are not told as durable behind %s',
  async (end) => {
    await withUpload(failingOnce('sync'), async ({ upload, offset }) => {
      await upload.write([new Uint8Array(1000)]);
      const ended = end === 'commit' ? upload.commit({ overwrite: 'always' }) : upload[end]();
      if (end === 'commit') await expect(ended).rejects.toMatchObject({ code: 'io' });
      await ended.catch(() => undefined);
      expect(await offset()).toBe(0);
    });
  },
);

test('nor are those whose flush in passing has failed', async () => {
  await withUpload(failingOnce('datasync'), async ({ upload, offset }) => {
    const write = async (): Promise<void> => {
      for (let index = 0; index < 40; index++) await upload.write([new Uint8Array(2 * mebibyte)]);
      await upload.commit({ overwrite: 'always' });
    };
    await expect(write()).rejects.toMatchObject({ code: 'io' });
    await upload.suspend();
    expect(await offset()).toBe(0);
  });
});

test('what was flushed in passing is written down while the upload goes on', async () => {
  await withUpload(
    (handle, call) => handle[call](),
    async ({ upload, offset }) => {
      let told = 0;
      for (let written = 0; told === 0; written++) {
        expect(written).toBeLessThan(1000);
        await upload.write([new Uint8Array(mebibyte)]);
        told = (await offset()) ?? 0;
      }
      expect(told).toBeGreaterThanOrEqual(64 * mebibyte);
      expect(told).toBeLessThanOrEqual(upload.size);
      await upload.suspend();
      expect(await offset()).toBe(upload.size);
    },
  );
});

test('a flush under way does not bring a discarded upload back', async () => {
  let finish = (): void => undefined;
  const mayFinish = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let begin = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const flush: Flush = async (_handle, call) => {
    if (call !== 'datasync') return;
    begin();
    await mayFinish;
  };
  await withUpload(flush, async ({ upload, names }) => {
    for (let index = 0; index < 33; index++) await upload.write([new Uint8Array(2 * mebibyte)]);
    await hasBegun;
    const discarded = upload.discard();
    finish();
    await discarded;
    expect(await names()).toEqual([]);
  });
});
