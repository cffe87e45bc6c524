import { setImmediate } from 'node:timers/promises';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Leases, type Lease } from '../../src/store/uploads/leases.js';

test('at most one holds a name, all that want it get it, and the newest keeps it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 12 }), async (scheduler, count) => {
      const leases = new Leases();
      let holders = 0;
      let last: Lease | undefined;
      const served: number[] = [];
      const want = async (index: number): Promise<void> => {
        let revoke = (): void => undefined;
        const revoked = new Promise<void>((resolve) => {
          revoke = resolve;
        });
        const lease = await leases.acquire('name', revoke);
        holders++;
        expect({ holders, isHeld: leases.isHeld('name') }).toEqual({ holders: 1, isHeld: true });
        served.push(index);
        last = lease;
        if (index === count - 1) return;
        await revoked;
        expect(lease.isRevoked).toBe(true);
        await scheduler.schedule(Promise.resolve(), 'the holder takes its time');
        holders--;
        lease.release();
      };
      const wants = Array.from({ length: count }, (_, index) => want(index));
      await scheduler.waitFor(Promise.all(wants));
      expect(served).toEqual(Array.from({ length: count }, (_, index) => index));
      expect(last?.isRevoked).toBe(false);
      last?.release();
      expect(leases.isHeld('name')).toBe(false);
    }),
  );
});

test('other names have nothing to do with it', async () => {
  const leases = new Leases();
  const first = await leases.acquire('a', () => undefined);
  const second = await leases.acquire('b', () => undefined);
  expect([first.isRevoked, second.isRevoked, leases.isHeld('c')]).toEqual([false, false, false]);
});

test('a holder is told once, however many want what it has', async () => {
  const leases = new Leases();
  let told = 0;
  const first = await leases.acquire('a', () => {
    told++;
  });
  const others = [1, 2, 3].map(async () => {
    const lease = await leases.acquire('a', () => undefined);
    lease.release();
  });
  await setImmediate();
  expect(told).toBe(1);
  first.release();
  await Promise.all(others);
  expect(leases.isHeld('a')).toBe(false);
});
