import { createHash } from 'node:crypto';

import { at, bytesOf, keyOf, patternBytes, write, type SuiteContext } from './context.js';

const mebibyte = 1024 * 1024;

/**
 * Files come back as they were stored, and are whole or absent.
 *
 * @param context - the suite's
 */
export function fileTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;

  check('a file comes back as it was written', async (probe) => {
    const stored = await probe.put('received/a.txt', 'content', { mtime: 1_600_000_000_123 });
    expect(await probe.getText('received/a.txt')).toBe('content');
    expect(stored.size).toBe(7);
    expect(stored.mtime).toBe(1_600_000_000_123);
    expect(await probe.stat('received/a.txt')).toEqual({
      path: 'received/a.txt',
      type: 'file',
      ...stored,
    });
    const reader = await probe.store.open(at('received/a.txt'));
    expect(reader.file).toEqual(stored);
    await reader.close();
    expect(await probe.list('received')).toEqual([{ path: 'a.txt', type: 'file', ...stored }]);
  });

  for (const [mode, kept] of [
    [0o000, 0o600],
    [0o644, 0o644],
    [0o755, 0o755],
    [0o111, 0o711],
    [0o777, 0o777],
    [undefined, 0o600],
  ] as const) {
    check(`permissions of ${mode?.toString(8)} are kept as ${kept.toString(8)}`, async (probe) => {
      // What was there before leaves nothing behind.
      await probe.put('received/f', 'old', { mode: 0o777 });
      const stored = await probe.put('received/f', 'new', { mode });
      expect(stored.mode).toBe(kept);
      expect((await probe.stat('received/f')).mode).toBe(kept);
      expect((await probe.list('received'))[0]?.mode).toBe(kept);
      const reader = await probe.store.open(at('received/f'));
      expect(reader.file.mode).toBe(kept);
      await reader.close();
      await probe.makeDirectory('received/folder');
      expect((await probe.stat('received/folder')).mode).toBe(undefined);
    });
  }

  check('permissions are those of the commit that completes a resumed upload', async (probe) => {
    await probe.put('received/f', 'in the way');
    const key = keyOf(7);
    const first = await write(probe.resume('received/f', key), 'content');
    const refused = first.commit({ overwrite: 'never', mode: 0o777 });
    expect(await refused.catch(() => 'refused')).toBe('refused');
    const second = await probe.resume('received/f', key, 7);
    expect((await second.commit({ overwrite: 'always' })).mode).toBe(0o600);
    expect((await probe.find(key)).done?.mode).toBe(0o600);
  });

  check('a file gets other permissions, and keeps all else', async (probe) => {
    const { size, mtime } = await probe.put('received/d/f', 'content', { mode: 0o640, mtime: 5 });
    for (const [mode, kept] of [
      [0o777, 0o777],
      [0o111, 0o711],
      [0o000, 0o600],
    ] as const) {
      const changed = await probe.store.setMode(at('received/d/f'), mode);
      expect(changed).toEqual({ size, mtime, etag: changed.etag, mode: kept });
      const entry = await probe.stat('received/d/f');
      expect(entry).toEqual({ path: 'received/d/f', type: 'file', ...changed, etag: entry.etag });
      expect(await probe.getText('received/d/f')).toBe('content');
    }
    // The etag that came with the answer is that of the file as it is.
    const { etag } = await probe.store.setMode(at('received/d/f'), 0o644);
    await probe.put('received/d/f', 'newer', { overwrite: { etag } });
  });

  check('a file may be empty', async (probe) => {
    const upload = await probe.store.createUpload({ path: at('received/empty') });
    const stored = await upload.commit({ overwrite: 'never' });
    expect(stored.size).toBe(0);
    expect(await probe.get('received/empty')).toEqual(new Uint8Array());
  });

  for (const sizes of [
    [0, 0, 0],
    [1, 0, 2, 0],
    Array.from({ length: 5000 }, (_, index) => index % 7),
    [mebibyte - 1, 1, mebibyte, mebibyte + 1, 3],
    [9 * mebibyte + 5, 1, 4 * mebibyte],
  ]) {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    check(`${total} bytes in ${sizes.length} pieces keep their order`, async (probe) => {
      const content = patternBytes(total);
      const parts = pieces(content, sizes);
      const upload = await probe.store.createUpload({ path: at('received/f'), size: total });
      await upload.write(parts.slice(0, 2));
      await upload.write([]);
      for (const part of parts.slice(2)) await upload.write([part]);
      expect(upload.size).toBe(total);
      const digest = createHash('sha256').update(content).digest();
      expect(Buffer.from(await upload.sha256()).equals(digest)).toBe(true);
      await upload.commit({ overwrite: 'always' });
      expect(Buffer.from(content).equals(await probe.get('received/f'))).toBe(true);
    });
  }

  check('writes that are not waited for keep their order too', async (probe) => {
    const content = patternBytes(6 * mebibyte);
    const upload = await probe.store.createUpload({ path: at('received/f') });
    const parts = pieces(
      content,
      Array.from({ length: 96 }, () => 65_536),
    );
    await Promise.all(parts.map((part) => upload.write([part])));
    await upload.commit({ overwrite: 'always' });
    expect(Buffer.from(content).equals(await probe.get('received/f'))).toBe(true);
  });

  check('ranges have exactly the bytes asked for', async (probe) => {
    const content = patternBytes(2 * mebibyte + 3);
    await probe.put('received/f', content);
    const edges = [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte, content.length];
    for (const start of edges) {
      for (const end of edges.filter((edge) => edge >= start)) {
        const range = await probe.get('received/f', start, end - start);
        expect(Buffer.from(content.subarray(start, end)).equals(range)).toBe(true);
      }
    }
  });

  check('reading can stop early, and start again', async (probe) => {
    const content = patternBytes(3 * mebibyte);
    await probe.put('received/f', content);
    const reader = await probe.store.open(at('received/f'));
    for (let turn = 0; turn < 3; turn++) {
      for await (const chunk of reader.read(turn, content.length - turn)) {
        expect(chunk[0]).toBe(content[turn]);
        break;
      }
    }
    await reader.close();
  });

  check(
    'a reader keeps its version when the file is replaced, renamed and deleted',
    async (probe) => {
      const content = patternBytes(2 * mebibyte);
      await probe.put('received/f', content);
      const reader = await probe.store.open(at('received/f'));
      await probe.rename('received/f', 'received/g');
      await probe.put('received/g', 'new');
      await probe.delete('received/g');
      const chunks: Uint8Array[] = [];
      for await (const chunk of reader.read(0, reader.file.size))
        chunks.push(Uint8Array.from(chunk));
      await reader.close();
      expect(Buffer.concat(chunks).equals(content)).toBe(true);
    },
  );

  check('nobody sees an upload before it is committed', async (probe) => {
    const upload = await probe.store.createUpload({ path: at('received/new/f') });
    await upload.write([bytesOf('half')]);
    await upload.sha256();
    await expect(probe.stat('received/new/f')).rejects.toMatchObject({ code: 'not-found' });
    expect(await probe.names('', { recursive: true })).toEqual(['received', 'vaults']);
    await upload.write([bytesOf(' and half')]);
    await upload.commit({ overwrite: 'never' });
    expect(await probe.getText('received/new/f')).toBe('half and half');
  });

  check('a discarded upload leaves nothing, and the old file in its place', async (probe) => {
    await probe.put('received/f', 'old');
    for (const path of ['received/f', 'received/g/h']) {
      const upload = await probe.store.createUpload({ path: at(path) });
      await upload.write([patternBytes(5 * mebibyte)]);
      await upload.discard();
      await upload.discard();
    }
    expect(await probe.getText('received/f')).toBe('old');
    expect(await probe.names('received', { recursive: true })).toEqual(['f']);
  });

  check('an upload ends once', async (probe) => {
    for (const end of ['commit', 'discard'] as const) {
      const upload = await probe.store.createUpload({ path: at(`received/${end}`) });
      if (end === 'commit') await upload.commit({ overwrite: 'never' });
      else await upload.discard();
      await expect(upload.write([bytesOf('late')])).rejects.toMatchObject({ code: 'io' });
      await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject({ code: 'io' });
      await upload.discard();
    }
    expect(await probe.names('received')).toEqual(['commit']);
  });

  check('times are kept to the millisecond', async (probe) => {
    for (const mtime of [0, 1, 999, 1_000, 1_700_000_000_999, 1_700_000_001_000, -1, -1_001]) {
      expect((await probe.put('received/f', '', { mtime })).mtime).toBe(mtime);
      expect((await probe.stat('received/f')).mtime).toBe(mtime);
    }
  });

  check('by default the time is that of the commit', async (probe) => {
    const before = Date.now();
    const { mtime } = await probe.put('received/f', '');
    expect(before <= mtime && mtime <= Date.now()).toBe(true);
  });

  check('an impossible upload is refused before its bytes come', async (probe) => {
    await probe.put('received/folder/file', '');
    for (const [path, code] of [
      ['received/folder', 'conflict'],
      ['received/folder/file/f', 'conflict'],
      ['received/folder/file/f/g', 'conflict'],
      ['', 'not-allowed'],
      ['received', 'not-allowed'],
      ['vaults', 'not-allowed'],
      ['elsewhere', 'not-allowed'],
      ['elsewhere/f', 'not-allowed'],
      ['Received/f', 'not-allowed'],
    ] as const) {
      await expect(probe.store.createUpload({ path: at(path) })).rejects.toMatchObject({ code });
    }
  });

  check('what came into the way during an upload is a conflict, and stays', async (probe) => {
    const first = await probe.store.createUpload({ path: at('received/a') });
    const second = await probe.store.createUpload({ path: at('received/b/c') });
    await probe.makeDirectory('received/a');
    await probe.put('received/b', 'file');
    for (const upload of [first, second]) {
      await upload.write([bytesOf('late')]);
      await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject({
        code: 'conflict',
      });
    }
    expect(await probe.list('received/a')).toEqual([]);
    expect(await probe.getText('received/b')).toBe('file');
  });
}

function pieces(content: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  let position = 0;
  return sizes.map((size) => {
    position += size;
    return content.subarray(position - size, position);
  });
}
