import { createHash } from 'node:crypto';

import {
  at,
  bytesOf,
  keyOf,
  patternBytes,
  pointOf,
  randomNumbers,
  write,
  type SuiteContext,
} from './context.js';

const mebibyte = 1024 * 1024;
const conflict = { code: 'conflict' };
const gone = { code: 'not-found' };
const late = { code: 'io' };

/**
 * An upload with a key keeps what has come, and goes on from any place of it.
 *
 * @param context - the suite's
 */
export function uploadTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;
  const key = keyOf(1);

  check('a file that nobody waits for gets no place', async (probe) => {
    await probe.put('received/f', 'newer');
    const upload = await write(probe.store.createUpload({ path: at('received/f') }), 'older');
    const commit = upload.commit({ overwrite: 'always', signal: AbortSignal.abort() });
    await expect(commit).rejects.toMatchObject({ code: 'io' });
    expect(await probe.getText('received/f')).toBe('newer');
    const kept = new AbortController();
    const other = await write(probe.store.createUpload({ path: at('received/f') }), 'newest');
    await other.commit({ overwrite: 'always', signal: kept.signal });
    expect(await probe.getText('received/f')).toBe('newest');
  });

  check('an upload goes on wherever it was broken', async (probe) => {
    const content = patternBytes(40);
    for (let offset = 0; offset <= content.length; offset++) {
      const id = keyOf(offset);
      const first = await write(probe.resume('received/f', id), content.subarray(0, offset));
      await first.suspend();
      expect(await probe.find(id)).toEqual(pointOf(content.subarray(0, offset)));
      const second = await probe.resume('received/f', id, offset);
      expect(second.size).toBe(offset);
      await second.write([content.subarray(offset)]);
      const { size } = await second.commit({ overwrite: 'always' });
      expect(size).toBe(content.length);
      expect([...(await probe.get('received/f'))]).toEqual([...content]);
    }
  });

  check('a large upload goes on at the edges of what is written at once', async (probe) => {
    const content = patternBytes(9 * mebibyte + 5);
    let offset = 0;
    for (const next of [mebibyte - 1, mebibyte, 4 * mebibyte + 1, 8 * mebibyte, content.length]) {
      const upload = await write(
        probe.resume('received/f', key, offset, content.length),
        content.subarray(offset, next),
      );
      if (next === content.length) await upload.commit({ overwrite: 'always' });
      else await upload.suspend();
      offset = next;
    }
    expect(Buffer.from(content).equals(await probe.get('received/f'))).toBe(true);
  });

  check('what lies behind a lower offset is cut off, and comes from the next', async (probe) => {
    const content = patternBytes(30);
    for (let offset = 0; offset <= content.length; offset++) {
      const id = keyOf(offset);
      await (await write(probe.resume('received/f', id), content)).suspend();
      await (await probe.resume('received/f', id, offset)).suspend();
      expect(await probe.find(id)).toEqual(pointOf(content.subarray(0, offset)));
      const upload = await write(probe.resume('received/f', id, offset), 'other');
      await upload.commit({ overwrite: 'always' });
      const whole = Buffer.concat([content.subarray(0, offset), bytesOf('other')]);
      expect(whole.equals(await probe.get('received/f'))).toBe(true);
    }
  });

  check('whatever happens on the way, the file is what was sent last', async (probe) => {
    const random = randomNumbers(11);
    for (let turn = 0; turn < 25; turn++) {
      const id = keyOf(turn);
      let model = Buffer.alloc(0);
      for (let step = 0; step < 8; step++) {
        const offset = random(model.length + 1);
        const upload = await probe.resume('received/f', id, offset);
        const more = patternBytes(random(5000), turn + step);
        for (let start = 0; start < more.length; start += 700) {
          await upload.write([more.subarray(start, start + 700)]);
        }
        model = Buffer.concat([model.subarray(0, offset), more]);
        expect(upload.size).toBe(model.length);
        await upload.suspend();
        expect(await probe.find(id)).toEqual(pointOf(model));
      }
      const last = await probe.resume('received/f', id, model.length);
      await last.commit({ overwrite: 'always' });
      expect(model.equals(await probe.get('received/f'))).toBe(true);
    }
  });

  check('nothing can be appended behind what is there', async (probe) => {
    const content = bytesOf('content');
    await (await write(probe.resume('received/f', key), content)).suspend();
    for (const offset of [8, 9, mebibyte, Number.MAX_SAFE_INTEGER]) {
      await expect(probe.resume('received/f', key, offset)).rejects.toMatchObject({
        code: 'bad-range',
      });
    }
    expect(await probe.find(key)).toEqual(pointOf(content));
  });

  check('an upload that nobody began is not found, and can begin', async (probe) => {
    await expect(probe.find(key)).rejects.toMatchObject(gone);
    await expect(probe.resume('received/f', key, 1)).rejects.toMatchObject(gone);
    await expect(probe.find(key)).rejects.toMatchObject(gone);
    const upload = await probe.resume('received/f', key, 0);
    await upload.discard();
  });

  check('an upload is of one file', async (probe) => {
    const content = bytesOf('some content');
    await (await write(probe.resume('received/f', key, 0, 20), content)).suspend();
    for (const [path, size] of [
      ['received/g', 20],
      ['received/f', 21],
      ['received/f', 0],
      ['received/f', undefined],
    ] as const) {
      for (const offset of [0, 4]) {
        await expect(probe.resume(path, key, offset, size)).rejects.toMatchObject(conflict);
      }
    }
    expect(await probe.find(key)).toEqual(pointOf(content));
    await (await probe.resume('received/f', key, content.length, 20)).suspend();
  });

  check('what became of a finished upload is told, and it cannot go on', async (probe) => {
    const upload = await write(probe.resume('received/f', key, 0, 7), 'content');
    const file = await upload.commit({ overwrite: 'never' });
    const expectDone = async (): Promise<void> => {
      expect(await probe.find(key)).toEqual({ offset: 7, done: file });
      for (const offset of [0, 3, 7]) {
        await expect(probe.resume('received/f', key, offset, 7)).rejects.toMatchObject(conflict);
      }
    };
    await expectDone();
    expect((await probe.stat('received/f')).etag).toBe(file.etag);
    // It tells of what was stored then, whatever is there now.
    await probe.put('received/f', 'another');
    await expectDone();
    await probe.delete('received/f');
    await expectDone();
  });

  check('the digest is that of what is stored, and only told when asked for', async (probe) => {
    await (await write(probe.resume('received/f', key), 'abc', 'def')).suspend();
    expect(await probe.store.findUpload(key, { digest: false })).toEqual({ offset: 6 });
    expect(await probe.find(key)).toEqual(pointOf(bytesOf('abcdef')));
    const upload = await write(probe.resume('received/f', key, 3), 'DEF');
    const digest = createHash('sha256').update('abcDEF').digest();
    expect(digest.equals(await upload.sha256())).toBe(true);
    await upload.suspend();
  });

  check('a discarded upload is forgotten', async (probe) => {
    await (await write(probe.resume('received/f', key), patternBytes(5000))).suspend();
    const again = await write(probe.resume('received/f', key, 3000), patternBytes(5000));
    await again.discard();
    await expect(probe.find(key)).rejects.toMatchObject(gone);
    await expect(probe.resume('received/f', key, 1)).rejects.toMatchObject(gone);
    const other = await write(probe.resume('received/g', key, 0, 3), 'new');
    await other.commit({ overwrite: 'never' });
    expect(await probe.names('received')).toEqual(['g']);
    expect(await probe.getText('received/g')).toBe('new');
  });

  check('a suspended upload without a key is discarded', async (probe) => {
    await probe.put('received/f', 'old');
    const upload = await write(probe.store.createUpload({ path: at('received/f') }), 'new');
    await upload.suspend();
    await expect(upload.write([bytesOf('late')])).rejects.toMatchObject(late);
    await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject(late);
    expect(await probe.getText('received/f')).toBe('old');
  });

  check('an upload ends once, and no later call takes that back', async (probe) => {
    const content = bytesOf('content');
    const ends = ['suspend', 'discard', 'commit'] as const;
    for (const [id, end] of ends.entries()) {
      const upload = await write(probe.resume('received/f', keyOf(id)), content);
      await (end === 'commit' ? upload.commit({ overwrite: 'always' }) : upload[end]());
      await upload.discard();
      await upload.suspend();
      await expect(upload.write([bytesOf('late')])).rejects.toMatchObject(late);
      await expect(upload.sha256()).rejects.toMatchObject(late);
      await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject(late);
    }
    expect(await probe.find(keyOf(0))).toEqual(pointOf(content));
    await expect(probe.find(keyOf(1))).rejects.toMatchObject(gone);
    expect((await probe.find(keyOf(2))).done?.size).toBe(content.length);
    expect(await probe.getText('received/f')).toBe('content');
  });

  check('a commit that is refused keeps the upload, which can be tried again', async (probe) => {
    await probe.put('received/f', 'old');
    let offset = 0;
    for (const overwrite of ['never', { etag: 'another' }] as const) {
      const upload = await probe.resume('received/f', key, offset);
      if (offset === 0) await upload.write([bytesOf('new')]);
      await expect(upload.commit({ overwrite })).rejects.toMatchObject(conflict);
      await upload.discard();
      expect(await probe.getText('received/f')).toBe('old');
      expect(await probe.find(key)).toEqual(pointOf(bytesOf('new')));
      offset = 3;
    }
    const upload = await probe.resume('received/f', key, offset);
    const done = await upload.commit({ overwrite: 'always', mtime: 1_600_000_000_123 });
    expect(await probe.getText('received/f')).toBe('new');
    expect(await probe.find(key)).toEqual({ offset: 3, done });
    expect(done.mtime).toBe(1_600_000_000_123);
  });

  check('what came into the way meanwhile is a conflict, and the upload stays', async (probe) => {
    await (await write(probe.resume('received/f', key), 'content')).suspend();
    await probe.makeDirectory('received/f');
    await expect(probe.resume('received/f', key, 7)).rejects.toMatchObject(conflict);
    await probe.delete('received/f');
    const upload = await probe.resume('received/f', key, 7);
    await probe.makeDirectory('received/f');
    await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject(conflict);
    await probe.delete('received/f');
    await (await probe.resume('received/f', key, 7)).commit({ overwrite: 'always' });
    expect(await probe.getText('received/f')).toBe('content');
  });

  check('uploads of the same name by two owners do not meet', async (probe) => {
    const owners = [1, 2, 255].map((owner) => keyOf(7, owner));
    for (const [index, owner] of owners.entries()) {
      await expect(probe.find(owner)).rejects.toMatchObject(gone);
      const upload = probe.resume(`received/f${index}`, owner, 0, 100 + index);
      await (await write(upload, `content ${index}`)).suspend();
    }
    for (const [index, owner] of owners.entries()) {
      expect(await probe.find(owner)).toEqual(pointOf(bytesOf(`content ${index}`)));
    }
    const [first = key, second = key] = owners;
    await (await probe.resume('received/f0', first, 0, 100)).discard();
    expect(await probe.find(second)).toEqual(pointOf(bytesOf('content 1')));
    await expect(probe.resume('received/f1', first, 9, 101)).rejects.toMatchObject(gone);
  });

  check('a file without bytes is an upload too', async (probe) => {
    await (await probe.resume('received/f', key, 0, 0)).suspend();
    expect(await probe.find(key)).toEqual(pointOf(new Uint8Array()));
    const upload = await probe.resume('received/f', key, 0, 0);
    const done = await upload.commit({ overwrite: 'never' });
    expect(await probe.find(key)).toEqual({ offset: 0, done });
    expect((await probe.get('received/f')).length).toBe(0);
  });

  check('the time is that of the commit, or what the commit says', async (probe) => {
    await (await write(probe.resume('received/f', key), 'x')).suspend();
    const before = Date.now();
    const { mtime } = await (
      await probe.resume('received/f', key, 1)
    ).commit({ overwrite: 'always' });
    expect(before <= mtime && mtime <= Date.now()).toBe(true);
    const times = [0, 1_700_000_000_999, -1];
    for (const [index, time] of times.entries()) {
      const id = keyOf(2 + index);
      await (await write(probe.resume('received/f', id), 'x')).suspend();
      const upload = await write(probe.resume('received/f', id, 1), 'y');
      const done = await upload.commit({ overwrite: 'always', mtime: time });
      expect([done.mtime, (await probe.stat('received/f')).mtime]).toEqual([time, time]);
      expect(await probe.find(id)).toEqual({ offset: 2, done });
    }
  });

  check('nobody sees an upload that waits to go on', async (probe) => {
    await probe.put('received/old', 'old');
    for (const path of ['received/old', 'received/new/f']) {
      await (await write(probe.resume(path, keyOf(path.length)), 'half')).suspend();
    }
    expect(await probe.getText('received/old')).toBe('old');
    expect(await probe.names('', { recursive: true })).toEqual([
      'received',
      'received/old',
      'vaults',
    ]);
  });
}
