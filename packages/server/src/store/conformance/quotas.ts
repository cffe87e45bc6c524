import { StoreError } from '../store-error.js';
import type { Upload } from '../store.js';
import type { Quota } from '../usage/usage.js';
import { at, keyOf, randomNumbers, write, type StoreProbe, type SuiteContext } from './context.js';

const noSpace = { code: 'no-space' };
const home = 'received/alice';
const limit: Quota = { home: at(home), bytes: 100 };

function zeros(count: number): Uint8Array {
  return new Uint8Array(count);
}

/** Begins an upload into the home, which can be resumed when it has a name. */
function begin(
  { store }: StoreProbe,
  name: string,
  options: { size?: number; id?: number; offset?: number; quota?: Quota } = {},
): Promise<Upload> {
  const { size, id, offset = 0, quota = limit } = options;
  const resumable = id === undefined ? undefined : { ...keyOf(id), offset };
  return store.createUpload({ path: at(`${home}/${name}`), size, resumable, quota });
}

/** Stores a file in the home, its size announced. */
async function put(probe: StoreProbe, name: string, size: number, quota = limit): Promise<void> {
  const upload = await begin(probe, name, { size, quota });
  try {
    await upload.write([zeros(size)]);
    await upload.commit({ overwrite: 'always' });
  } finally {
    await upload.discard();
  }
}

function codeOf(error: unknown): string {
  return error instanceof StoreError ? error.code : String(error);
}

function used({ store }: StoreProbe): Promise<number> {
  return store.used(limit.home);
}

/** @param context - what the suite is given */
export function quotaTests({ framework: { expect }, check }: SuiteContext): void {
  check(
    'an upload that is announced as too large for the quota is refused at once',
    async (probe) => {
      await expect(begin(probe, 'f', { size: 101 })).rejects.toMatchObject(noSpace);
      await put(probe, 'f', 60);
      await expect(begin(probe, 'g', { size: 41 })).rejects.toMatchObject(noSpace);
      await expect(begin(probe, 'g', { size: 41, id: 1 })).rejects.toMatchObject(noSpace);
      await expect(probe.find(keyOf(1))).rejects.toMatchObject({ code: 'not-found' });
      await put(probe, 'g', 40);
      await put(probe, 'empty', 0);
      expect(await used(probe)).toBe(100);
    },
  );

  check('an upload that outgrows the quota is cut off, and leaves nothing', async (probe) => {
    const upload = await begin(probe, 'f');
    await upload.write([zeros(60), zeros(40)]);
    expect(await used(probe)).toBe(100);
    await expect(upload.write([zeros(1)])).rejects.toMatchObject(noSpace);
    await upload.suspend();
    expect(await used(probe)).toBe(0);
    await put(probe, 'f', 100);
  });

  check('an upload given up frees its room', async (probe) => {
    for (let round = 0; round < 3; round++) {
      const upload = await begin(probe, 'f', { size: 100 });
      await expect(begin(probe, 'g', { size: 1 })).rejects.toMatchObject(noSpace);
      await upload.discard();
      expect(await used(probe)).toBe(0);
    }
  });

  check('after a file is replaced, the new one counts alone', async (probe) => {
    await put(probe, 'f', 90);
    await put(probe, 'f', 100);
    await expect(put(probe, 'f', 101)).rejects.toMatchObject(noSpace);
    await put(probe, 'f', 30);
    expect(await used(probe)).toBe(30);
    await put(probe, 'g', 70);
    await expect(put(probe, 'f', 31)).rejects.toMatchObject(noSpace);
    // Room is not free before the old file is gone.
    const smaller = await write(begin(probe, 'g', { size: 10 }), zeros(10));
    await expect(begin(probe, 'h', { size: 1 })).rejects.toMatchObject(noSpace);
    await smaller.commit({ overwrite: 'always' });
    await put(probe, 'h', 60);
  });

  check('of several that replace one file, one is spared its bytes', async (probe) => {
    await put(probe, 'f', 90);
    const first = await write(begin(probe, 'f', { size: 90 }), zeros(90));
    await expect(begin(probe, 'f', { size: 90 })).rejects.toMatchObject(noSpace);
    await first.commit({ overwrite: 'always' });
    await put(probe, 'f', 90);
    expect(await used(probe)).toBe(90);
  });

  check('room is not given away twice when what was to be replaced goes', async (probe) => {
    await put(probe, 'f', 90);
    const upload = await write(begin(probe, 'f', { size: 90 }), zeros(90));
    await probe.delete(`${home}/f`);
    await expect(put(probe, 'g', 90)).rejects.toMatchObject(noSpace);
    await upload.commit({ overwrite: 'always' });
    expect(await used(probe)).toBe(90);
  });

  check('a suspended upload counts until it is finished or dropped', async (probe) => {
    await (await write(begin(probe, 'f', { size: 80, id: 1 }), zeros(50))).suspend();
    expect(await used(probe)).toBe(50);
    await put(probe, 'g', 50);
    await expect(put(probe, 'h', 1)).rejects.toMatchObject(noSpace);
    await expect(begin(probe, 'f', { size: 80, id: 1, offset: 50 })).rejects.toMatchObject(noSpace);
    expect((await probe.find(keyOf(1))).offset).toBe(50);
    await probe.delete(`${home}/g`);
    const again = await write(begin(probe, 'f', { size: 80, id: 1, offset: 50 }), zeros(30));
    expect(await used(probe)).toBe(80);
    await again.commit({ overwrite: 'always' });
    expect(await used(probe)).toBe(80);
    const dropped = await begin(probe, 'g', { size: 20, id: 2 });
    await dropped.discard();
    expect(await used(probe)).toBe(80);
  });

  check(
    'an upload that outgrows the quota is kept as far as it came, where it can be',
    async (probe) => {
      const upload = await write(begin(probe, 'f', { id: 1 }), zeros(90));
      await expect(upload.write([zeros(11)])).rejects.toMatchObject(noSpace);
      await upload.suspend();
      expect((await probe.find(keyOf(1))).offset).toBe(90);
      expect(await used(probe)).toBe(90);
      const again = await write(begin(probe, 'f', { id: 1, offset: 90 }), zeros(10));
      await again.commit({ overwrite: 'always' });
      expect(await used(probe)).toBe(100);
    },
  );

  check('an upload that is refused as another one counts as before', async (probe) => {
    await (await write(begin(probe, 'f', { size: 80, id: 1 }), zeros(50))).suspend();
    await expect(begin(probe, 'g', { size: 80, id: 1 })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(begin(probe, 'f', { size: 80, id: 1, offset: 60 })).rejects.toMatchObject({
      code: 'bad-range',
    });
    expect(await used(probe)).toBe(50);
    // Who takes it over from another connection does not need its room twice.
    const first = await begin(probe, 'f', { size: 80, id: 1, offset: 50 });
    const second = await write(begin(probe, 'f', { size: 80, id: 1, offset: 50 }), zeros(30));
    await second.commit({ overwrite: 'always' });
    await first.suspend();
    expect(await used(probe)).toBe(80);
  });

  check('what is deleted or moved away frees room', async (probe) => {
    await put(probe, 'f', 20);
    await put(probe, 'd/e/g', 30);
    await put(probe, 'd/h', 50);
    await probe.delete(`${home}/f`);
    expect(await used(probe)).toBe(80);
    await probe.rename(`${home}/d/h`, `${home}/h`);
    expect(await used(probe)).toBe(80);
    await probe.rename(`${home}/h`, 'received/bob/h');
    expect(await used(probe)).toBe(30);
    await probe.rename('received/bob', `${home}/bob`);
    expect(await used(probe)).toBe(80);
    await probe.rename(`${home}/bob`, `${home}/d/bob`);
    expect(await used(probe)).toBe(80);
    await probe.rename(`${home}/d/e/g`, `${home}/d/bob/h`, 'always');
    expect(await used(probe)).toBe(30);
    await probe.rename(`${home}/d`, 'received/d');
    expect(await used(probe)).toBe(0);
    await put(probe, 'd/e/g', 100);
    await probe.delete(`${home}/d`, true);
    expect(await used(probe)).toBe(0);
    await put(probe, 'f', 100);
    await probe.rename('received/alice', 'received/old');
    expect(await used(probe)).toBe(0);
    await probe.rename('received/old', 'received/alice');
    expect(await used(probe)).toBe(100);
    await probe.rename(`${home}/f`, `${home}/f`, 'always');
    expect(await used(probe)).toBe(100);
  });

  check('what others put there counts, and their own quotas do not', async (probe) => {
    await probe.put(`${home}/from-owner`, zeros(30));
    expect(await used(probe)).toBe(30);
    await probe.put(`${home}/from-owner`, zeros(200));
    expect(await used(probe)).toBe(200);
    await expect(put(probe, 'f', 1)).rejects.toMatchObject(noSpace);
    await probe.put(`${home}/from-owner`, zeros(60));
    const inner: Quota = { home: at(`${home}/inner`), bytes: 50 };
    const upload = await probe.store.createUpload({
      path: at(`${home}/inner/f`),
      size: 30,
      quota: inner,
    });
    // It counts for the folder around it too.
    expect(await used(probe)).toBe(90);
    await upload.discard();
    await probe.put('received/elsewhere', zeros(500));
    await probe.put('vaults/v/f', zeros(10));
    expect(await used(probe)).toBe(70);
    expect(await probe.store.used(inner.home)).toBe(10);
    expect(await probe.store.used(at('received'))).toBe(570);
  });

  check('many that come at once never have more than the quota together', async (probe) => {
    for (const isAnnounced of [true, false]) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, async (_, index) => {
          const name = `${isAnnounced}-${index}`;
          if (isAnnounced) return put(probe, name, 9);
          const upload = await begin(probe, name);
          try {
            for (let part = 0; part < 3; part++) await upload.write([zeros(3)]);
            await upload.commit({ overwrite: 'never' });
          } finally {
            await upload.discard();
          }
        }),
      );
      const stored = outcomes.filter(({ status }) => status === 'fulfilled').length;
      expect(stored > 0).toBe(true);
      expect(await used(probe)).toBe(9 * stored);
      expect(9 * stored <= limit.bytes).toBe(true);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(codeOf(outcome.reason)).toBe('no-space');
      }
      await probe.delete(home, true);
    }
  });

  check('whatever is done, what counts is what is there', async (probe) => {
    const random = randomNumbers(7);
    const name = (): string => ['a', 'b', 'd/a'][random(3)] ?? 'c';
    const isRefused = (error: unknown): void => {
      expect(['no-space', 'not-found', 'conflict'].includes(codeOf(error))).toBe(true);
    };
    for (let step = 0; step < 150; step++) {
      const calls = [
        () => put(probe, name(), random(60)),
        () => probe.put(`${home}/${name()}`, zeros(random(40))),
        () => probe.delete(`${home}/${name()}`),
        () => probe.delete(`${home}/d`, true),
        () => probe.rename(`${home}/${name()}`, `${home}/${name()}`, 'always'),
        () => probe.rename(`${home}/${name()}`, 'received/out', 'always'),
        () => probe.rename('received/out', `${home}/${name()}`, 'always'),
      ];
      const several = Array.from({ length: 1 + random(4) }, async () => {
        await calls[random(calls.length)]?.().catch(isRefused);
      });
      await Promise.all(several);
      const entries = await probe.list(home, { recursive: true }).catch(() => []);
      const bytes = entries.reduce((sum, { size }) => sum + size, 0);
      expect(await used(probe)).toBe(bytes);
    }
  });
}
