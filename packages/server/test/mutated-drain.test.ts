import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { defaultBackend, initiateHandshake, type Established } from '@e2eeftp/crypto';
import { parsePath } from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

import { Fixture } from './support/fixture.js';
import {
  data,
  endOf,
  everyRecord,
  heard,
  recordNames,
  request,
  type RecordName,
} from './support/mutation/every-record.js';
import { handshake, untilHungUp } from './support/peer.js';

interface Client {
  readonly transport: Transport;
  readonly established: Established;
}

/** What may come within a body, and what the body comes to then. */
const outcomes: Readonly<Partial<Record<RecordName, readonly string[]>>> = {
  data: ['message 226', 'close 503'],
  'an end': ['message 226', 'close 503'],
  'an update': ['message 226', 'close 503'],
  'a close': ['message 400', 'close 503'],
};

/** Who has nothing under way. */
const told = ['close 503'];

/** Of everything else the connection dies, and nothing is said any more. */
const silence: readonly string[] = [];

describe.each(['TCP', 'memory'] as const)('while the server closes, over %s', (way) => {
  let fixture: Fixture;
  /** Somebody who has nothing under way. */
  let idle: Client;

  beforeEach(async () => {
    fixture = await Fixture.start({ way, limits: { delaysFailures: false } });
    idle = await enter();
  });
  afterEach(async () => {
    await fixture.close();
  });

  /** Until the server has said its first word. */
  async function enter(): Promise<Client> {
    const transport = await fixture.open();
    const established = await handshake(transport, fixture.authorize());
    const types: string[] = [];
    while (types.length === 0) {
      const chunk = await transport.read();
      if (!chunk) throw new Error('no welcome came');
      types.push(...Array.from(established.opener.receive(chunk), ({ type }) => type));
    }
    expect(types).toEqual(['message']);
    return { transport, established };
  }

  /** Whether there is a file at a path. */
  async function holds(path: string): Promise<boolean> {
    return fixture.store.stat(parsePath(path)).then(
      () => true,
      () => false,
    );
  }

  test.each(recordNames)('%s from whom it waits for', async (what) => {
    const { transport, established } = await enter();
    await transport.write(request('SEND', { path: 'received/f' }, true)(established));
    await transport.write(data(established));
    while (fixture.uploads === 0) await new Promise((resolve) => void setImmediate(resolve));
    const closing = fixture.server.close();
    // Who has nothing under way hears of it at once, and all others are waited for then.
    expect(await heard(idle.transport, idle.established)).toEqual(told);
    await idle.transport.end();
    await transport.write(everyRecord[what](established)).catch(() => undefined);
    const outcome = outcomes[what];
    if (outcome && what !== 'an end' && what !== 'a close') {
      await transport.write(endOf(what === 'data' ? 8 : 4)(established));
    }
    expect(await heard(transport, established)).toEqual(outcome ?? silence);
    await transport.end().catch(() => undefined);
    await closing;
    expect(await holds('received/f')).toBe(outcome?.includes('message 226') === true);
    expect(await holds('received/late')).toBe(false);
    expect(fixture.server.connections).toBe(0);
    expect(fixture.logged('connection failed')).toEqual([]);
    expect(fixture.logged('a command failed')).toEqual([]);
  });

  test.each(recordNames)('%s from whom it has told', async (what) => {
    const { transport, established } = idle;
    const closing = fixture.server.close();
    expect(await heard(transport, established)).toEqual(told);
    await transport.write(everyRecord[what](established));
    await transport.end();
    await closing;
    expect(await holds('received/late')).toBe(false);
    expect(fixture.logged('connection failed')).toEqual([]);
  });

  test.each([
    ['before the hello', 0],
    ['after half a hello', 700],
    ['after the hello', Infinity],
  ])('whoever is %s is hung up on', async (_when, length) => {
    const transport = await fixture.open();
    const acceptServer = (): boolean => true;
    const identity = fixture.authorize();
    const role = initiateHandshake({ backend: defaultBackend, identity, acceptServer });
    const hello = role.start().subarray(0, length);
    if (hello.length > 0) await transport.write([hello]);
    if (length === Infinity) expect(await transport.read()).toBeDefined();
    const closing = fixture.server.close();
    expect(await untilHungUp(transport)).toBe(0);
    await idle.transport.end();
    await closing;
    expect(fixture.logged('connection failed')).toEqual([]);
  });
});
