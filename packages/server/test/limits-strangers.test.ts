import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Identity, initiateHandshake, defaultBackend } from '@e2eeftp/crypto';

import { Fixture, type FixtureOptions } from './support/fixture.js';
import { memoryInUse } from './support/memory.js';
import { Peer } from './support/peer.js';
import { Gate, type Arrival } from './support/stranger.js';

/** What a connection may cost before it is known whose it is. */
const bound = 64 * 1024;
const flood = Buffer.alloc(16_000_000, 7);

let fixture: Fixture;
let gate: Gate;

beforeEach(async () => {
  gate = await Gate.open();
});
afterEach(async () => {
  await gate.close();
  await fixture.close();
});

/** A connection that the server has, and the client's end of it. */
async function enter(): Promise<{ client: Socket; arrival: Arrival }> {
  const entered = await gate.enter();
  fixture.server.accept(entered.arrival.transport);
  return entered;
}

function helloOf(identity: Identity): Uint8Array {
  const role = initiateHandshake({ backend: defaultBackend, identity, acceptServer: () => true });
  return role.start();
}

/** Waits until the server has let go of everybody but so many, and says how much it took at most. */
async function mostTaken(arrival: Arrival, staying: number): Promise<number> {
  let most = 0;
  while (fixture.server.connections > staying) {
    most = Math.max(most, arrival.taken());
    await setImmediate();
  }
  return most;
}

const openings: Readonly<Record<string, () => Uint8Array>> = {
  'says nothing that makes sense': () => Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  'says the first four bytes': () => Buffer.from('e2ft'),
  'says the beginning of a hello': () => helloOf(Identity.generate()).subarray(0, 10),
  'says half a hello': () => helloOf(Identity.generate()).subarray(0, 600),
  'says a hello': () => helloOf(Identity.generate()),
  'says a hello of the first generation': () => Buffer.from([0, 0, 0, 128]),
};

describe('of a stranger that sends without end, little is taken from the network', () => {
  test.each(Object.entries(openings))('when it %s', async (_what, opening) => {
    fixture = await Fixture.start({ limits: { handshakeTimeout: 300 } });
    const { client, arrival } = await enter();
    client.write(opening());
    client.write(flood);
    expect(await mostTaken(arrival, 0)).toBeLessThanOrEqual(bound);
  });

  test('while it waits for its turn', async () => {
    const limits = { handshakes: 1, handshakeTimeout: 300 };
    fixture = await Fixture.start({ limits });
    await enter();
    const { client, arrival } = await enter();
    client.write(helloOf(Identity.generate()));
    client.write(flood);
    while (arrival.taken() === 0) await setImmediate();
    expect(await mostTaken(arrival, 0)).toBeLessThanOrEqual(bound);
    // Nobody has looked at it.
    expect(client.bytesRead).toBe(0);
  });

  test('while it is looked up', async () => {
    let goOn: (() => void) | undefined;
    const beforeAuthorizing = (): Promise<void> =>
      new Promise((resolve) => {
        goOn = resolve;
      });
    fixture = await Fixture.start({ beforeAuthorizing });
    const { client, arrival } = await enter();
    await sayWhoItIs(client);
    client.write(flood);
    while (!goOn || arrival.taken() < 10_000) await setImmediate();
    for (let turns = 0; turns < 100; turns++) await setImmediate();
    expect(arrival.taken()).toBeLessThanOrEqual(bound);
    goOn();
  });
});

describe('many strangers that send without end', () => {
  const count = 150;

  /** What they cost, in bytes each. */
  async function costOf(options: FixtureOptions, opening: Uint8Array): Promise<number> {
    fixture = await Fixture.start(options);
    const before = memoryInUse();
    const entered = [];
    for (let index = 0; index < count; index++) entered.push(await enter());
    // The first one says nothing, and all others wait for it.
    for (const { client } of entered.slice(1)) {
      client.write(opening);
      client.write(flood);
    }
    const hasCome = ({ arrival }: { arrival: Arrival }): boolean => arrival.taken() > 10_000;
    while (!entered.slice(1).every(hasCome)) await setImmediate();
    const cost = (memoryInUse() - before) / count;
    expect(fixture.server.connections).toBe(count);
    return cost;
  }

  test('cost little memory while they wait', async () => {
    const limits = { handshakes: 1, handshakeTimeout: 1_000_000 };
    const cost = await costOf({ limits }, helloOf(Identity.generate()).subarray(0, 100));
    expect(cost).toBeLessThan(bound);
  });
});

test('a stranger that is done with the handshake has no more time than it had for it', async () => {
  fixture = await Fixture.start({
    limits: { handshakeTimeout: 100 },
    beforeAuthorizing: () => new Promise((resolve) => void setTimeout(resolve, 300)),
  });
  const { client } = await enter();
  await sayWhoItIs(client);
  await once(client, 'close');
  await fixture.untilConnections(0);
  expect(fixture.logged('client connected')).toEqual([]);
});

/** Goes through the handshake with a key of an authorized client. */
async function sayWhoItIs(client: Socket): Promise<void> {
  const role = initiateHandshake({
    backend: defaultBackend,
    identity: fixture.authorize(),
    acceptServer: () => true,
  });
  client.write(role.start());
  for await (const chunk of client.iterator({ destroyOnReturn: false })) {
    const { send, established } = role.receive(chunk as Buffer);
    if (send.length > 0) client.write(send);
    if (established) return;
  }
  throw new Error('the handshake was not finished');
}

test('who is let in is served by the same server', async () => {
  fixture = await Fixture.start();
  const { arrival } = await gate.enter();
  arrival.transport.destroy();
  const peer = await Peer.connect(await fixture.open(), fixture.authorize());
  expect(await peer.call('PING')).toMatchObject({ status: 200 });
});
