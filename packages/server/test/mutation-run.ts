import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { expect } from '@jest/globals';

import { Identity } from '@e2eeftp/crypto';
import type { Access } from '@e2eeftp/protocol';

import { makeTemporaryDirectory, removeDirectory } from './store/temporary-directory.js';
import { uploads } from './support/mutation/corpus.js';
import { endsInTime } from './support/mutation/hearing.js';
import { Mutant, Tally } from './support/mutation/mutant.js';
import { Random } from './support/mutation/random.js';
import type { Peer } from './support/peer.js';
import { ServerElsewhere, type ServerState } from './support/served-elsewhere.js';

const atOnce = 12;

/** What the crowd may do: most of it everything, since it is to meet in the store. */
const accesses: readonly Access[] = ['rw', 'rw', 'rw', 'ro', 'wo'];

/** What a server may keep of all that was said to it: nothing, but a heap is never as small again. */
const tolerance = 64 * 1024 * 1024;

/** Threads for files that a store has at most. */
const threads = 4;

/** Of what the log may warn: that somebody was refused. */
const refusals = [
  'refused a payload that is not authentic',
  'refused a hello that was used before: somebody may have recorded it',
];

/** How a server has stood what was said to it. */
interface MutationReport {
  readonly tally: Tally;
  /** Rounds of the client that obeys the protocol. */
  readonly rounds: number;
  /** The server after a part of it, and at the end. */
  readonly early: ServerState;
  readonly end: ServerState;
}

/**
 * Says mutated messages to a server, while another client must be served as always.
 *
 * @param count - how many messages
 * @param seed - what to choose them by
 */
async function sayMutatedMessages(count: number, seed: number): Promise<MutationReport> {
  const directory = await makeTemporaryDirectory();
  const owner = Identity.generate();
  const crowd = accesses.map((access) => ({ access, identity: Identity.generate() }));
  const access = Object.fromEntries(
    crowd.map((member) => [Buffer.from(member.identity.publicKey).toString('hex'), member.access]),
  );
  const limits = {
    delaysFailures: false,
    connectionsPerAddress: 4096,
    requestRate: 0,
    // Whoever is wrong is hung up on at once, and nobody because a busy machine takes its time.
    handshakeTimeout: 120_000,
    idleTimeout: 120_000,
    progressTimeout: 120_000,
  };
  const server = await ServerElsewhere.start({ directory, limits, owner, access, v1: true });
  try {
    const healthy = await server.enter(owner);
    const identities = crowd.map(({ identity }) => identity);
    const mutants = new Crowd(server, identities, seed);
    let rounds = 0;
    const stand = async (until: number): Promise<ServerState> => {
      const progress = { isOver: false };
      const freed = mutants
        .say(until)
        .then(() => server.untilConnections(1))
        .finally(() => {
          progress.isOver = true;
        });
      while (!progress.isOver) await serveAsAlways(healthy, rounds++);
      await freed;
      return server.state();
    };
    // What a program needs once is not what it loses.
    const early = await stand(count / 4);
    await stand(count);
    const end = await server.untilDescriptors(early.descriptors);
    await serveAsAlways(healthy, rounds);
    expect(await endsInTime(expectNothingHeld(server, identities, healthy))).toBe(true);
    expect(await healthy.close()).toEqual({ status: 200, text: 'OK' });
    expect(await readdir(join(directory, '.e2eeftp/uploads'))).toEqual([]);
    expect(await readdir(join(directory, '.e2eeftp/trash'))).toEqual([]);
    return { tally: mutants.tally, rounds, early, end };
  } finally {
    await server.stop();
    await removeDirectory(directory);
  }
}

/**
 * Says mutated messages to a server, and expects that it answers what can be answered, frees what
 * it held, fails nowhere, and serves another client as always.
 *
 * @param count - how many messages
 * @param seed - what to choose them by, unless the environment says `E2EEFTP_MUTATION_SEED`. Each
 *   fault names what its connection was chosen by
 */
export async function expectToStand(count: number, seed: number): Promise<void> {
  const chosen = Number(process.env['E2EEFTP_MUTATION_SEED'] ?? seed);
  const { tally, rounds, early, end } = await sayMutatedMessages(count, chosen);
  expect({ seed: chosen, faults: tally.faults }).toEqual({ seed: chosen, faults: [] });
  // Whoever says that a file will be larger than the disk is told so, and so is the log.
  expect(end.failures.filter((failure) => !failure.includes('"status":507'))).toEqual([]);
  expect(end.warnings.filter((warning) => !refusals.includes(warning))).toEqual([]);
  expect(end.unprintable).toEqual([]);
  // What was opened is closed, and nobody was turned away who would have been let in.
  const { opened, closed, refused, established, failed } = end.counts;
  expect({ open: opened - closed, refused }).toEqual({ open: 1, refused: 0 });
  expect(established).toBeGreaterThan(tally.connections);
  expect(established + failed).toBeLessThanOrEqual(opened);
  // The store begins a thread when its files keep it waiting, which may be late on a busy machine.
  expect(end.eventLoops).toBeLessThanOrEqual(early.eventLoops + threads);
  expect(end.descriptors).toBeLessThanOrEqual(early.descriptors);
  expect(end.memory - early.memory).toBeLessThan(tolerance);
  // It was no test if hardly anything was answered, or everything in the same way.
  expect(tally.messages).toBeGreaterThanOrEqual(count);
  expect(tally.answers).toBeGreaterThan(count / 3);
  expect(tally.survivors).toBeGreaterThan(tally.connections / 4);
  expect(tally.survivors).toBeLessThan(tally.connections);
  expect(Math.min(tally.handshakes, tally.lines)).toBeGreaterThan(tally.connections / 10);
  expect(rounds).toBeGreaterThan(10);
  const usual = [200, 206, 226, 400, 403, 404, 409, 416];
  expect([...tally.statuses.keys()].sort()).toEqual(expect.arrayContaining(usual));
}

/** Clients of few identities, so that they meet in the store. */
class Crowd {
  readonly tally = new Tally();
  readonly #server: ServerElsewhere;
  readonly #identities: readonly Identity[];
  readonly #random: Random;

  constructor(server: ServerElsewhere, identities: readonly Identity[], seed: number) {
    this.#server = server;
    this.#identities = identities;
    this.#random = new Random(seed);
  }

  /** Until so many messages were said in all. */
  async say(count: number): Promise<void> {
    const one = async (): Promise<void> => {
      while (this.tally.messages < count) {
        // Each has choices of its own, whatever the others do meanwhile.
        const seed = this.#random.below(2 ** 31);
        const identity = this.#random.pick(this.#identities);
        await Mutant.run(await this.#server.open(), identity, seed, this.tally);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  }
}

async function serveAsAlways(healthy: Peer, round: number): Promise<void> {
  const content = `round ${round} ${'x'.repeat((round * 977) % 20_000)}`;
  expect(await healthy.call('PING')).toEqual({ status: 200, text: 'OK', result: null });
  expect(await healthy.send('received/mine', content)).toMatchObject({
    status: 226,
    result: { size: content.length },
  });
  expect(await healthy.get('received/mine')).toBe(content);
  expect(await healthy.get('received/none')).toBe(404);
  await setImmediate();
}

/** A lease or a lock that nobody gave back would let none of these end. */
async function expectNothingHeld(
  server: ServerElsewhere,
  identities: readonly Identity[],
  healthy: Peer,
): Promise<void> {
  for (const identity of identities) {
    const peer = await server.enter(identity);
    for (const upload of uploads) {
      const { status } = await peer.call('RESUME', { upload, digest: true });
      expect([200, 403, 404]).toContain(status);
    }
    expect(await peer.close()).toEqual({ status: 200, text: 'OK' });
  }
  const home = 'received/home';
  expect(await healthy.call('DELETE', { path: home, recursive: true })).toMatchObject({
    status: 200,
  });
  expect(await healthy.send(home, 'a file now')).toMatchObject({ status: 226 });
  await server.untilConnections(1);
}
