import { parsePath, type RemotePath } from '@e2eeftp/protocol';
import { describe, expect, test } from '@jest/globals';

import { LocalUsage } from '../../src/store/usage/local-usage.js';
import type { Claim, Quota, Usage } from '../../src/store/usage/usage.js';

/** What there is to be counted, in place of a disk. */
export class Holdings {
  /** Bytes of each folder. */
  readonly folders = new Map<string, number>();
  /** Bytes that are left of each upload. */
  readonly uploads = new Map<string, number>();
  /** Folders that were counted so far. */
  counts = 0;
  /** What a count waits for, when it has seen how much there is. */
  gate: Promise<void> = Promise.resolve();
  readonly usage = new LocalUsage({
    folder: async (path) => {
      this.counts++;
      const bytes = this.folders.get(path) ?? 0;
      await this.gate;
      return bytes;
    },
    upload: (upload) => Promise.resolve(this.uploads.get(upload) ?? 0),
  });
}

/** What a suite works with. */
export interface UsageFixture {
  /** What is tried. */
  readonly usage: Usage;
  readonly holdings: Holdings;
  /** Returns once all that was told has been heard. */
  readonly heard: () => Promise<void>;
  /** What the clock says at the beginning of a change. */
  readonly now: () => Promise<number>;
}

const home = at('received/alice');
const quota: Quota = { home, bytes: 100 };

function at(path: string): RemotePath {
  return parsePath(path);
}

/** Defines tests for what `Usage` promises, which each of its kinds runs. */
export function usageConformance(name: string, make: () => UsageFixture): void {
  const claim = (upload: string, bytes: number, more: Partial<Claim> = {}): Claim => {
    const path = at(`${home}/${upload}`);
    return { upload, path, bytes, replaced: 0, quota, mayCount: true, ...more };
  };
  describe(`${name} keeps what usage promises`, () => {
    test('what is there, and what is set aside, counts together', async () => {
      const { usage, holdings, heard } = make();
      holdings.folders.set(home, 30).set('vaults', 20);
      expect(await usage.reserve(claim('a', 50))).toBe(true);
      expect(await usage.reserve(claim('b', 1))).toBe(false);
      expect(await usage.used(home)).toBe(100);
      usage.uploadEnded('a', { path: at(`${home}/a`), bytes: 10 });
      await heard();
      expect(await usage.used(home)).toBe(60);
      expect(await usage.reserve(claim('a', 51))).toBe(false);
      expect(await usage.reserve(claim('a', 50))).toBe(true);
      usage.uploadEnded('a');
      await heard();
      expect(await usage.used(home)).toBe(50);
    });

    test('nothing is counted before somebody has a quota, and then not for each upload', async () => {
      const { usage, holdings, heard, now } = make();
      expect(await now()).toBe(0);
      usage.changed({ path: at('received/f'), bytes: 5, since: 0 });
      usage.uploadEnded('x', { path: at('received/x'), bytes: 5 });
      await heard();
      expect(await usage.isBorder(at('received/a'))).toBe(false);
      expect(holdings.counts).toBe(0);
      for (let index = 0; index < 50; index++) {
        const upload = `${index}`;
        expect(await usage.reserve(claim(upload, 2))).toBe(true);
        const path = at(`${home}/${upload}`);
        usage.changed({ path, bytes: 2, since: await now(), upload });
      }
      await heard();
      expect(holdings.counts).toBe(2);
      holdings.folders.set(home, 100);
      expect(await usage.used(home)).toBe(100);
    });

    test('before somebody is refused, all is counted again', async () => {
      const { usage, holdings } = make();
      holdings.folders.set(home, 100);
      expect(await usage.reserve(claim('a', 1))).toBe(false);
      holdings.folders.set(home, 40);
      expect(await usage.reserve(claim('a', 60))).toBe(true);
      holdings.folders.set(home, 0);
      expect(await usage.reserve(claim('b', 50, { mayCount: false }))).toBe(false);
      expect(await usage.reserve(claim('b', 40))).toBe(true);
    });

    test('a change during a count is never counted for less than it is', async () => {
      const { usage, holdings, heard, now } = make();
      let open = (): void => undefined;
      const close = (): void => {
        holdings.gate = new Promise((resolve) => {
          open = resolve;
        });
      };
      holdings.folders.set(home, 50);
      close();
      const before = await now();
      const counting = usage.reserve(claim('a', 10));
      while (holdings.counts === 0) await heard();
      // The count has seen neither what came, nor that something went.
      usage.changed({ path: at(`${home}/new`), bytes: 30, since: before });
      usage.changed({ path: at(`${home}/old`), bytes: -20, since: before });
      await heard();
      open();
      expect(await counting).toBe(true);
      // The change was begun before the count ended, and told after it.
      usage.changed({ path: at(`${home}/late`), bytes: -10, since: before });
      await heard();
      holdings.folders.set(home, 50);
      close();
      const refused = usage.reserve(claim('b', 11));
      while (holdings.counts < 3) await heard();
      usage.changed({ path: at(`${home}/newer`), bytes: 30, since: await now() });
      await heard();
      open();
      expect(await refused).toBe(false);
      holdings.folders.set(home, 80);
      expect(await usage.used(home)).toBe(90);
    });

    test('a folder that is moved from one home to another is to be counted', async () => {
      const { usage, holdings, heard, now } = make();
      holdings.folders.set(home, 50).set('received/bob', 10);
      await usage.used(home);
      await usage.used(at('received/bob'));
      expect(await usage.isBorder(at(`${home}/d`))).toBe(true);
      expect(await usage.isBorder(at(`${home}/d`), at(`${home}/e`))).toBe(false);
      expect(await usage.isBorder(at(`${home}/d`), at('received/e'))).toBe(true);
      expect(await usage.isBorder(at('received/d'), at('received/bob/d'))).toBe(true);
      expect(await usage.isBorder(at('received/alice-2'), at('received/e'))).toBe(false);
      // What is above a home takes it along.
      expect(await usage.isBorder(at('received'))).toBe(false);
      holdings.folders.set(home, 7);
      usage.changed({ path: at('received'), bytes: 0, since: await now() });
      await heard();
      expect(await usage.used(home)).toBe(7);
    });

    test('when nobody knows what has changed, all is counted again', async () => {
      const { usage, holdings, heard, now } = make();
      holdings.folders.set(home, 50);
      expect(await usage.used(home)).toBe(50);
      holdings.folders.set(home, 20);
      usage.changed({ path: at(''), since: await now() });
      await heard();
      expect(await usage.used(home)).toBe(20);
    });

    test('an upload that was lost counts for what is left of it', async () => {
      const { usage, holdings, heard } = make();
      holdings.uploads.set('a', 5);
      expect(await usage.reserve(claim('a', 60))).toBe(true);
      expect(await usage.reserve(claim('b', 30))).toBe(true);
      usage.uploadLost('a');
      usage.uploadLost('b');
      usage.uploadLost('unknown');
      await heard();
      await heard();
      expect(await usage.used(home)).toBe(5);
    });

    test('one upload to a place is spared what it replaces, as long as that is there', async () => {
      const { usage, holdings, heard, now } = make();
      const path = at(`${home}/f`);
      holdings.folders.set(home, 80);
      expect(await usage.reserve(claim('a', 100, { path, replaced: 80 }))).toBe(true);
      expect(await usage.reserve(claim('b', 80, { path, replaced: 80 }))).toBe(false);
      holdings.folders.set(home, 0);
      usage.changed({ path, bytes: -80, since: await now() });
      await heard();
      expect(await usage.used(home)).toBe(100);
      usage.changed({ path, bytes: 100, since: await now(), upload: 'a' });
      await heard();
      expect(await usage.used(home)).toBe(100);
    });

    test('many claims at once never get more than there is', async () => {
      const { usage, holdings } = make();
      holdings.folders.set(home, 10);
      const claims = Array.from({ length: 60 }, (_, index) => claim(`${index}`, 1 + (index % 7)));
      const granted = await Promise.all(claims.map((one) => usage.reserve(one)));
      const bytes = claims.reduce((sum, one, index) => sum + (granted[index] ? one.bytes : 0), 0);
      expect(await usage.used(home)).toBe(10 + bytes);
      expect(10 + bytes).toBeLessThanOrEqual(100);
      expect(10 + bytes).toBeGreaterThan(93);
    });
  });
}
