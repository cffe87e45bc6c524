import { comparePaths, type StoredFile } from '@e2eeftp/protocol';

import { StoreError } from '../store-error.js';
import { patternBytes, randomNumbers, type StoreProbe, type SuiteContext } from './context.js';

/**
 * Calls that meet end one after the other: each as if it were alone, whatever their order.
 *
 * @param context - the suite's
 */
export function concurrencyTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;

  check('of a hundred uploads to one path one is there in the end, whole', async (probe) => {
    const contents = Array.from({ length: 100 }, (_, index) => patternBytes(10_000 + index, index));
    const stored = await Promise.all(contents.map((content) => probe.put('received/f', content)));
    const { size, etag } = await probe.stat('received/f');
    const winner = size - 10_000;
    expect(stored[winner]?.etag).toBe(etag);
    expect(Buffer.from(contents[winner] ?? []).equals(await probe.get('received/f'))).toBe(true);
    expect(new Set(stored.map((file) => file.etag)).size).toBe(100);
  });

  check('an upload that begins after another has ended wins over it', async (probe) => {
    for (let turn = 0; turn < 20; turn++) {
      await Promise.all([probe.put('received/f', 'x'), probe.put('received/f', 'y')]);
      await probe.put('received/f', `last ${turn}`);
      expect(await probe.getText('received/f')).toBe(`last ${turn}`);
    }
  });

  check('of a hundred uploads that replace nothing exactly one succeeds', async (probe) => {
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        probe.put('received/deep/er/f', `${index}`, { overwrite: 'never' }),
      ),
    );
    const winners = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    expect(winners.length).toBe(1);
    expect(await probe.getText('received/deep/er/f')).toBe(`${winners[0] ?? ''}`);
    for (const result of results) {
      if (result.status === 'rejected') expect(codeOf(result.reason)).toBe('conflict');
    }
  });

  check('no update that is conditional on an etag is lost', async (probe) => {
    await probe.put('received/counter', '0');
    await Promise.all(Array.from({ length: 12 }, () => increment(probe)));
    expect(await probe.getText('received/counter')).toBe('12');
  });

  check('a file is always one version or another for who reads it', async (probe) => {
    await probe.put('received/f', new Uint8Array(100_000).fill(255));
    let isOver = false;
    const write = async (): Promise<void> => {
      for (let turn = 0; turn < 60; turn++) {
        await probe.put('received/f', new Uint8Array(100_000 + turn).fill(turn));
      }
      isOver = true;
    };
    const read = async (): Promise<void> => {
      while (!isOver) {
        const content = await probe.get('received/f');
        const version = content[0];
        expect(content.every((byte) => byte === version)).toBe(true);
        expect(content.length).toBe(version === 255 ? 100_000 : 100_000 + (version ?? 0));
      }
    };
    await Promise.all([write(), read(), read()]);
  });

  check('of two that move one file one succeeds', async (probe) => {
    for (let turn = 0; turn < 20; turn++) {
      await probe.put('received/f', 'content');
      const results = await Promise.allSettled([
        probe.rename('received/f', 'received/g'),
        probe.rename('received/f', 'received/h'),
        probe.delete('received/f'),
      ]);
      expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1);
      const names = await probe.names('received');
      expect(names.length).toBe(results[2].status === 'fulfilled' ? 0 : 1);
      for (const name of names) await probe.delete(`received/${name}`);
    }
  });

  check('a folder that is deleted and written to at once ends in one of the two', async (probe) => {
    for (let turn = 0; turn < 30; turn++) {
      await probe.put('received/d/old', '');
      const [write] = await Promise.allSettled([
        probe.put('received/d/new', 'content'),
        probe.delete('received/d', true),
      ]);
      expect(write.status).toBe('fulfilled');
      const names = await probe.names('received', { recursive: true });
      expect([[], ['d', 'd/new']].some((end) => end.join() === names.join())).toBe(true);
      for (const name of await probe.names('received'))
        await probe.delete(`received/${name}`, true);
    }
  });

  check('many changes at once leave a tree that makes sense', async (probe) => {
    const random = randomNumbers(7);
    const path = (): string => `received/${'abc'[random(3)] ?? ''}/${'xyz'[random(3)] ?? ''}`;
    const folder = (): string => `received/${'abc'[random(3)] ?? ''}`;
    const calls: (() => Promise<unknown>)[] = [
      () => probe.put(path(), 'content'),
      () => probe.put(path(), 'content', { overwrite: 'never' }),
      () => probe.rename(path(), path(), 'always'),
      () => probe.rename(folder(), path()),
      () => probe.rename(path(), folder()),
      () => probe.delete(folder(), true),
      () => probe.delete(path()),
      () => probe.makeDirectory(path()),
      () => probe.get(path()),
      () => probe.names('received', { recursive: true }),
    ];
    const worker = async (): Promise<void> => {
      for (let turn = 0; turn < 60; turn++) {
        try {
          await calls[random(calls.length)]?.();
        } catch (error) {
          const allowed = ['not-found', 'conflict', 'not-allowed'];
          if (!allowed.includes(codeOf(error))) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    const entries = await probe.list('received', { recursive: true });
    const names = entries.map((entry) => entry.path as string);
    expect(names).toEqual([...names].sort(comparePaths));
    for (const { path: name, type } of entries) {
      expect((await probe.stat(`received/${name}`)).type).toBe(type);
      if (type === 'file') expect(await probe.getText(`received/${name}`)).toBe('content');
    }
  });
}

async function increment(probe: StoreProbe): Promise<StoredFile> {
  for (;;) {
    const { etag } = await probe.stat('received/counter');
    const value = Number(await probe.getText('received/counter'));
    try {
      return await probe.put('received/counter', `${value + 1}`, { overwrite: { etag } });
    } catch (error) {
      if (codeOf(error) !== 'conflict') throw error;
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof StoreError ? error.code : 'none';
}
