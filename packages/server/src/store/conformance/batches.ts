import type { StoredFile } from '@e2eeftp/protocol';

import { isStoreError } from '../system-errors.js';
import type { NewFile, WholeFile } from '../store.js';
import { at, bytesOf, patternBytes, type StoreProbe, type SuiteContext } from './context.js';

/** Bytes that tests read at once, where they do not care. */
const enough = { fileSize: 100_000, total: 10_000_000 };

/**
 * Several small files are stored and read at once, each as if it were alone.
 *
 * @param context - the suite's
 */
export function batchTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;

  check('many files are stored, each with what belongs to it', async (probe) => {
    const files = Array.from({ length: 150 }, (_, index) =>
      newFile(`received/d${index % 7}/f${index}`, patternBytes(index * 97, index), {
        mtime: 1_600_000_000_000 + index,
        mode: index % 2 === 0 ? 0o640 : 0o755,
      }),
    );
    const stored = (await probe.store.storeFiles(files, {})).map(valueOf);
    for (const [index, { path, bytes, mtime, mode }] of files.entries()) {
      const entry = await probe.stat(path);
      expect(entry).toEqual({ path, type: 'file', ...stored[index] });
      expect([entry.size, entry.mtime, entry.mode]).toEqual([bytes.length, mtime, mode]);
      expect(Buffer.from(await probe.get(path)).equals(bytes)).toBe(true);
    }
    expect(new Set(stored.map(({ etag }) => etag)).size).toBe(files.length);
  });

  check('what becomes of one file says nothing of the others', async (probe) => {
    const { etag } = await probe.put('received/old', 'old');
    await probe.put('received/kept', 'kept');
    await probe.makeDirectory('received/folder');
    const results = await probe.store.storeFiles(
      [
        newFile('received/new', 'new'),
        newFile('received/folder', 'x'),
        newFile('received/kept', 'x', { overwrite: 'never' }),
        newFile('received/old', 'other', { overwrite: { etag } }),
        newFile('received/none', 'x', { overwrite: { etag } }),
        newFile('received/missing/none', 'x', { overwrite: { etag } }),
        newFile('received/old/below', 'x'),
        newFile('elsewhere', 'x'),
        newFile('received/never', 'never', { overwrite: 'never' }),
      ],
      {},
    );
    expect(results.map(codeOf)).toEqual([
      'stored',
      'conflict',
      'conflict',
      'stored',
      'conflict',
      'conflict',
      'conflict',
      'not-allowed',
      'stored',
    ]);
    const names = await probe.names('received', { recursive: true });
    expect(names).toEqual(['folder', 'kept', 'never', 'new', 'old']);
    expect(await probe.getText('received/old')).toBe('other');
    expect(await probe.getText('received/kept')).toBe('kept');
  });

  check('files that come at the same time do not disturb each other', async (probe) => {
    const batches = Array.from({ length: 6 }, (_, batch) =>
      Array.from({ length: 20 }, (_, index) => newFile(`received/f${index}`, `${batch}:${index}`)),
    );
    await Promise.all(batches.map((files) => probe.store.storeFiles(files, {})));
    expect((await probe.names('received')).length).toBe(20);
    for (let index = 0; index < 20; index++) {
      const [batch, name] = (await probe.getText(`received/f${index}`)).split(':');
      expect([Number(batch) < batches.length, name]).toEqual([true, `${index}`]);
    }
  });

  check('files that nobody waits for any more get no place', async (probe) => {
    const controller = new AbortController();
    controller.abort();
    const { signal } = controller;
    const files = [newFile('received/a', 'a'), newFile('received/d/b', 'b')];
    const results = await probe.store.storeFiles(files, { signal });
    expect(results.map(codeOf)).toEqual(['io', 'io']);
    expect(await probe.names('received')).toEqual([]);
  });

  check('files that count against a quota are refused one by one', async (probe) => {
    const quota = { home: at('received'), bytes: 100 };
    const files = [30, 50, 30, 20].map((size, index) =>
      newFile(`received/f${index}`, patternBytes(size)),
    );
    const results = (await probe.store.storeFiles(files, { quota })).map(codeOf);
    expect(results.includes('no-space')).toBe(true);
    const sizes = files.map(({ bytes }, index) => (results[index] === 'stored' ? bytes.length : 0));
    const used = sizes.reduce((sum, size) => sum + size, 0);
    expect(used > 0 && used <= 100).toBe(true);
    expect(await probe.store.used(at('received'))).toBe(used);
    const again = await probe.store.storeFiles([newFile('received/g', patternBytes(100 - used))], {
      quota,
    });
    expect(again.map(codeOf)).toEqual(['stored']);
  });

  check('many files are read, and what is no file is not', async (probe) => {
    const paths = Array.from({ length: 150 }, (_, index) => `received/d${index % 3}/f${index}`);
    for (const [index, path] of paths.entries()) await probe.put(path, patternBytes(index * 61));
    const none = [
      'received/d0',
      'received/none',
      'received/none/none',
      'received',
      '',
      'elsewhere',
    ];
    const results = await read(probe, [...none, ...paths]);
    expect(results.slice(0, none.length).map(codeOf)).toEqual(none.map(() => 'not-found'));
    for (const [index, path] of paths.entries()) {
      const result = results[none.length + index];
      if (result?.status !== 'fulfilled') throw new Error(`${path} was not read`);
      expect(Buffer.from(result.value.bytes).equals(patternBytes(index * 61))).toBe(true);
      expect({ path, type: 'file', ...result.value.file }).toEqual(await probe.stat(path));
    }
  });

  check('no more is read than is wanted', async (probe) => {
    for (const [index, size] of [10, 11, 10, 9, 1, 0].entries()) {
      await probe.put(`received/f${index}`, patternBytes(size));
    }
    const paths = [0, 1, 2, 3, 4, 5].map((index) => at(`received/f${index}`));
    const results = await probe.store.readFiles(paths, { fileSize: 10, total: 29 });
    const tooLarge = 'too-large';
    expect(results.map(codeOf)).toEqual(['read', tooLarge, 'read', 'read', tooLarge, 'read']);
  });

  function read(probe: StoreProbe, paths: readonly string[]) {
    return probe.store.readFiles(paths.map(at), enough);
  }
}

function newFile(
  path: string,
  content: Uint8Array | string,
  options: Partial<NewFile> = {},
): NewFile {
  return { path: at(path), bytes: bytesOf(content), overwrite: 'always', ...options };
}

function valueOf<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** What became of a file, in a word. */
function codeOf(result: PromiseSettledResult<StoredFile | WholeFile>): string {
  if (result.status === 'fulfilled') return 'bytes' in result.value ? 'read' : 'stored';
  const codes = ['conflict', 'io', 'no-space', 'not-allowed', 'not-found', 'too-large'] as const;
  return codes.find((code) => isStoreError(result.reason, code)) ?? String(result.reason);
}
