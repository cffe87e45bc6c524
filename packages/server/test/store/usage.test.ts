import { setImmediate } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { HeldByWorker } from '../../src/cluster/held-by-worker.js';
import type { SupervisorMethods, WorkerMethods } from '../../src/cluster/methods.js';
import { ProcessLink, type OtherProcess } from '../../src/cluster/process-link.js';
import { RemoteCoordination } from '../../src/cluster/remote-coordination.js';
import { parsePath } from '@e2eeftp/protocol';
import { Leases } from '../../src/store/uploads/leases.js';
import { FolderSizes } from '../../src/store/folder-sizes.js';
import { PathLocks } from '../../src/store/path-locks.js';
import { Holdings, usageConformance, type UsageFixture } from './usage-conformance.js';

async function heard(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}

function local(): UsageFixture {
  const holdings = new Holdings();
  const { usage } = holdings;
  return { usage, holdings, heard, now: () => Promise.resolve(usage.clock) };
}

/** Two ends of a channel over which messages are copied, and arrive later. */
function channel(): [OtherProcess, OtherProcess] {
  const listeners: ((message: unknown, socket: unknown) => void)[] = [];
  const end = (mine: number, other: number): OtherProcess => ({
    send: (message) => {
      const copy: unknown = structuredClone(message);
      void setImmediate().then(() => listeners[other]?.(copy, undefined));
      return true;
    },
    on: (event: string, listener: (message: unknown, socket: unknown) => void) => {
      if (event === 'message') listeners[mine] = listener;
    },
  });
  return [end(0, 1), end(1, 0)];
}

/** A worker's usage, and what its supervisor holds for it. */
function remote(): UsageFixture & { readonly held: HeldByWorker } {
  const holdings = new Holdings();
  const [near, far] = channel();
  const { usage } = holdings;
  const room = new FolderSizes({ count: () => Promise.resolve(0), limit: Infinity });
  const coordination = { locks: new PathLocks(), leases: new Leases(), room, usage };
  const held = new HeldByWorker(coordination, () => undefined);
  const nothing = (): never => {
    throw new Error('nobody calls this');
  };
  new ProcessLink<SupervisorMethods, WorkerMethods>(far, {
    configuration: nothing,
    ready: nothing,
    takeRequests: nothing,
    established: nothing,
    closed: nothing,
    observed: nothing,
    lease: nothing,
    release: nothing,
    reserveEntries: nothing,
    settleEntries: nothing,
    entryRemoved: nothing,
    folderGone: nothing,
    lock: ({ lock, paths }) => held.lock(lock, paths),
    unlock: ({ lock }) => {
      held.unlock(lock);
    },
    reserve: (claim) => held.reserve(claim),
    uploadEnded: ({ upload, kept }) => {
      held.uploadEnded(upload, kept);
    },
    uploadLost: ({ upload }) => {
      held.uploadLost(upload);
    },
    changed: (change) => {
      held.changed(change);
    },
    isBorder: ({ from, to }) => usage.isBorder(from, to),
    used: ({ home }) => usage.used(home),
  });
  const link = new ProcessLink<WorkerMethods, SupervisorMethods>(near, {
    serve: nothing,
    revoke: nothing,
    reconfigure: nothing,
    shutDown: nothing,
  });
  const mine = new RemoteCoordination(link);
  const now = (): Promise<number> =>
    mine.locks.run(['received/x'], () => Promise.resolve(mine.usage.clock));
  return { usage: mine.usage, holdings, heard, now, held };
}

usageConformance('LocalUsage', local);
usageConformance('RemoteUsage', remote);

test('what a worker held is free once it is gone, and all is counted again', async () => {
  const { usage, holdings, held } = remote();
  const home = parsePath('received/alice');
  const quota = { home, bytes: 100 };
  const claimOf = (upload: string) => ({
    ...{ upload, path: parsePath(`${home}/${upload}`), bytes: 40, replaced: 0, quota },
    mayCount: true,
  });
  holdings.uploads.set('kept', 15);
  for (const upload of ['kept', 'lost']) expect(await usage.reserve(claimOf(upload))).toBe(true);
  expect(await usage.reserve(claimOf('third'))).toBe(false);
  holdings.folders.set(home, 20);
  held.releaseAll();
  await heard();
  expect(await holdings.usage.used(home)).toBe(35);
});
