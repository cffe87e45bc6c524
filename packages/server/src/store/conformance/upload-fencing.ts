import { StoreError } from '../store-error.js';
import type { ResumePoint, Upload } from '../store.js';
import {
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

/**
 * At most one at a time writes an upload: the newest.
 *
 * @param context - the suite's
 */
export function uploadFencingTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;
  const key = keyOf(1);

  async function expectFenced(upload: Upload): Promise<void> {
    await expect(upload.write([bytesOf('too late')])).rejects.toMatchObject(conflict);
    await expect(upload.sha256()).rejects.toMatchObject(conflict);
    await expect(upload.commit({ overwrite: 'always' })).rejects.toMatchObject(conflict);
    await upload.suspend();
    await upload.discard();
  }

  check('who goes on with an upload takes it from who writes it', async (probe) => {
    const first = await write(probe.resume('received/f', key), 'from the first');
    const second = await probe.resume('received/f', key, 5);
    await expectFenced(first);
    await second.write([bytesOf('the second')]);
    await expectFenced(first);
    await second.commit({ overwrite: 'never' });
    expect(await probe.getText('received/f')).toBe('from the second');
  });

  check('who asks how far an upload is stops who writes it there', async (probe) => {
    const first = await write(probe.resume('received/f', key), 'content');
    expect(await probe.find(key)).toEqual(pointOf(bytesOf('content')));
    await expectFenced(first);
    expect(await probe.find(key)).toEqual(pointOf(bytesOf('content')));
    const second = await write(probe.resume('received/f', key, 7), ' of two');
    await second.commit({ overwrite: 'never' });
    expect(await probe.getText('received/f')).toBe('content of two');
  });

  check('nothing comes behind the place that was told, whoever was writing', async (probe) => {
    const random = randomNumbers(5);
    const content = patternBytes(6 * mebibyte);
    for (let turn = 0; turn < 12; turn++) {
      const id = keyOf(turn);
      const first = await probe.resume('received/f', id);
      const writes: Promise<void>[] = [];
      for (let start = 0; start < content.length;) {
        const end = start + 1 + random(mebibyte);
        writes.push(first.write([content.subarray(start, end)]));
        start = end;
        if (random(6) === 0) break;
      }
      const found = await probe.find(id);
      const settled = await Promise.allSettled(writes);
      for (const result of settled) {
        if (result.status === 'rejected') expect(codeOf(result.reason)).toBe('conflict');
      }
      await expectFenced(first);
      const { offset } = found;
      expect(found).toEqual(pointOf(content.subarray(0, offset)));
      expect(await probe.find(id)).toEqual(found);
      const second = await write(probe.resume('received/f', id, offset), content.subarray(offset));
      await second.commit({ overwrite: 'always' });
      expect(Buffer.from(content).equals(await probe.get('received/f'))).toBe(true);
    }
  });

  check('of many that go on with an upload at once, one can', async (probe) => {
    await (await write(probe.resume('received/f', key), 'common')).suspend();
    const uploads = await Promise.all(
      Array.from({ length: 10 }, () => probe.resume('received/f', key, 6)),
    );
    const outcomes = await Promise.allSettled(
      uploads.map((upload, index) => upload.write([bytesOf(` ${index}`)])),
    );
    const winners = outcomes.flatMap(({ status }, index) =>
      status === 'fulfilled' ? [index] : [],
    );
    expect(winners.length).toBe(1);
    const commits = await Promise.allSettled(
      uploads.map((upload) => upload.commit({ overwrite: 'never' })),
    );
    expect(commits.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    expect(await probe.getText('received/f')).toBe(`common ${winners[0] ?? ''}`);
  });

  check('a digest may be fenced; it is right, or there is none', async (probe) => {
    const content = patternBytes(8 * mebibyte);
    const first = await write(probe.resume('received/f', key), content);
    const digest = first.sha256().then(
      (bytes) => Buffer.from(bytes).toString('hex'),
      (error: unknown) => codeOf(error),
    );
    const second = await probe.resume('received/f', key, mebibyte);
    expect([pointOf(content).sha256, 'conflict'].includes(await digest)).toBe(true);
    await expectFenced(first);
    await second.write([content.subarray(mebibyte)]);
    expect(Buffer.from(await second.sha256()).toString('hex')).toBe(pointOf(content).sha256 ?? '');
    await second.commit({ overwrite: 'never' });
    expect(Buffer.from(content).equals(await probe.get('received/f'))).toBe(true);
  });

  check('a commit that has begun is carried out, and told', async (probe) => {
    for (let turn = 0; turn < 20; turn++) {
      const id = keyOf(turn);
      const upload = await write(probe.resume('received/f', id), `content ${turn}`);
      const committed = upload.commit({ overwrite: 'always' });
      const [found, opened] = await Promise.allSettled([
        probe.find(id),
        probe.resume('received/f', id, 2),
      ]);
      const done = await committed;
      expect(found).toEqual({ status: 'fulfilled', value: { offset: done.size, done } });
      expect(opened.status === 'rejected' && codeOf(opened.reason)).toBe('conflict');
      expect(await probe.getText('received/f')).toBe(`content ${turn}`);
    }
  });

  check('a commit that is refused while somebody asks is kept whole', async (probe) => {
    await probe.put('received/f', 'old');
    for (let turn = 0; turn < 10; turn++) {
      const id = keyOf(turn);
      const upload = await write(probe.resume('received/f', id), 'content');
      const committed = upload.commit({ overwrite: 'never' });
      const found = probe.find(id);
      await expect(committed).rejects.toMatchObject(conflict);
      expect(await found).toEqual(pointOf(bytesOf('content')));
    }
    expect(await probe.getText('received/f')).toBe('old');
  });

  check('many may ask at once', async (probe) => {
    await (await write(probe.resume('received/f', key), patternBytes(3 * mebibyte))).suspend();
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => probe.store.findUpload(key, { digest: false })),
    );
    const offsets = answers.map((answer) => offsetOf(answer));
    expect(new Set(offsets)).toEqual(new Set([3 * mebibyte]));
    const digests = await Promise.allSettled(Array.from({ length: 5 }, () => probe.find(key)));
    for (const answer of digests) {
      // Who reads the bytes back may have to make room for who asks later.
      if (answer.status === 'rejected') expect(codeOf(answer.reason)).toBe('conflict');
      else expect(answer.value).toEqual(pointOf(patternBytes(3 * mebibyte)));
    }
    expect(digests.some(({ status }) => status === 'fulfilled')).toBe(true);
  });
}

function codeOf(error: unknown): string {
  return error instanceof StoreError ? error.code : 'none';
}

function offsetOf(answer: PromiseSettledResult<ResumePoint>): number {
  return answer.status === 'fulfilled' ? answer.value.offset : -1;
}
