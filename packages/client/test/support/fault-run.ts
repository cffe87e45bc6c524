import type { Direction, Fault, PassingRecord } from '@e2eeftp/testkit';
import { expect } from '@jest/globals';

import {
  ClientError,
  FileTransferJournal,
  type Client,
  type ClientErrorCode,
} from '../../src/index.js';
import { makeFolder } from '../home/support.js';
import type { FaultyPair } from './faulty-pair.js';

/** What is done through the proxy; it can be done again. */
export interface Task {
  run(client: Client): Promise<void>;
  /** Throws unless everything is at its place and right, and nothing else is there. */
  check(direct: Client): Promise<void>;
}

/** One exact place of a fault. */
export interface Place {
  readonly direction: Direction;
  /** The record, counted from 0. */
  readonly index: number;
}

/** What befalls a record, and how patient the client is. */
export interface Trouble {
  readonly befall: (record: PassingRecord) => Fault;
  /** Milliseconds in which something must move. */
  readonly patience: number;
}

/** What a broken way may be called. */
const typed: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'disconnected',
  'timed-out',
  'unreachable',
]);

/** Milliseconds after which a stall is one; a busy machine alone may take as long now and then. */
export const shortPatience = 1000;

/** Milliseconds that nothing but a fault of ours takes. */
export const longPatience = 20_000;

/** Counts the records of a run that nothing disturbs. */
export async function placesOf(pair: FaultyPair, makeTask: () => Promise<Task>): Promise<Place[]> {
  const last: Record<Direction, number> = { up: -1, down: -1 };
  pair.proxy.plan = ({ direction, index }) => {
    last[direction] = Math.max(last[direction], index);
    return undefined;
  };
  const task = await makeTask();
  const client = await pair.join({ connections: 1 });
  await task.run(client);
  await client.close();
  await task.check(pair.direct);
  const directions: readonly Direction[] = ['up', 'down'];
  return directions.flatMap((direction) =>
    Array.from({ length: last[direction] + 1 }, (_, index) => ({ direction, index })),
  );
}

/**
 * Lets a fault befall one record of the first connection. The task ends whole; or it fails, typed,
 * and ends whole when it is run again.
 *
 * @returns whether it ended whole in the first run
 */
export async function runThroughFault(
  pair: FaultyPair,
  makeTask: () => Promise<Task>,
  place: Place,
  { befall, patience }: Trouble,
): Promise<boolean> {
  const task = await makeTask();
  const { proxy } = pair;
  const first = proxy.opened;
  let hits = 0;
  proxy.plan = (record) => {
    const { connection, direction, index } = record;
    if (connection !== first || direction !== place.direction || index !== place.index) {
      return undefined;
    }
    hits += 1;
    return befall(record);
  };
  const journal = new FileTransferJournal(await makeFolder());
  const isWhole = await attempt(pair, task, { journal, patience });
  if (!isWhole) {
    proxy.plan = () => undefined;
    expect(await attempt(pair, task, { journal, patience: longPatience })).toBe(true);
  }
  // A connection that was too slow for a short patience did not come so far.
  if (patience === longPatience) expect(hits).toBe(1);
  await task.check(pair.direct);
  proxy.cutAll();
  return isWhole;
}

async function attempt(
  pair: FaultyPair,
  task: Task,
  { journal, patience }: { journal: FileTransferJournal; patience: number },
): Promise<boolean> {
  let client: Client | undefined;
  try {
    const timeouts = { handshake: patience, progress: patience };
    client = await pair.join({ connections: 1, journal, timeouts });
    await task.run(client);
    return true;
  } catch (error) {
    if (!(error instanceof ClientError) || !typed.has(error.code)) throw error;
    return false;
  } finally {
    await client?.close({ timeout: patience });
  }
}
