import type { Transport } from '../transport.js';
import type { TestFramework } from './framework.js';

/** The two ends of a connection of its own for a test. */
export interface TransportPair {
  readonly left: Transport;
  readonly right: Transport;
  /** Frees whatever the pair was made with; both ends are destroyed before. */
  readonly dispose?: (() => Promise<void>) | undefined;
}

/** What each part of the suite is given. */
export interface SuiteContext {
  readonly framework: TestFramework;
  /**
   * Defines a test.
   *
   * @param name - what must hold
   * @param run - the test, with a connection of its own; it may destroy its ends
   */
  readonly check: (name: string, run: (left: Transport, right: Transport) => Promise<void>) => void;
}

/** Milliseconds for which a write must wait to count as stuck. */
const stuckAfter = 300;

/** More than any network between two processes of one machine keeps on its way. */
export const moreThanFits = 64 * 1024 * 1024;

/**
 * Reads to the end of the other end's direction.
 *
 * @param transport - where to read
 * @returns all bytes
 */
export async function readAll(transport: Transport): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await transport.read();
    if (!chunk) return Buffer.concat(chunks);
    if (chunk.length === 0) throw new Error('A read gave no bytes');
    // A chunk is valid until the next is asked for only.
    chunks.push(new Uint8Array(chunk));
  }
}

/**
 * Writes until a write waits for a reader that does not come.
 *
 * @param transport - where to write
 * @param piece - what to write again and again
 * @returns the bytes written, and the write that waits
 */
export async function writeUntilStuck(
  transport: Transport,
  piece: Uint8Array,
): Promise<{ readonly bytes: number; readonly stuck: Promise<void> }> {
  for (let bytes = piece.length; bytes < moreThanFits; bytes += piece.length) {
    const write = transport.write([piece]);
    // Its failure is the caller's to look at, once it is known to be stuck.
    write.catch(() => undefined);
    if (!(await settlesSoon(write))) return { bytes, stuck: write };
  }
  throw new Error('Writing never had to wait for a reader');
}

/** Whether a promise settles while everything that can move has time to. */
async function settlesSoon(promise: Promise<void>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, pause(stuckAfter).then(() => false)]);
}

/**
 * @param milliseconds - how long to wait
 */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/**
 * Numbers that are the same in every run, so that a failure comes back.
 *
 * @param seed - gives others of them
 * @returns gives a number from 0 to below its argument
 */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 69_069 + 12_345) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * @param length - how many bytes
 * @param seed - gives others of them
 * @returns bytes without a pattern
 */
export function randomBytes(length: number, seed: number): Uint8Array {
  const random = randomNumbers(seed);
  const bytes = new Uint8Array(length);
  const block = bytes.subarray(0, 65_521);
  block.forEach((_, index) => {
    block[index] = random(256);
  });
  for (let filled = block.length; filled > 0 && filled < length; filled *= 2) {
    bytes.copyWithin(filled, 0, filled);
  }
  return bytes;
}
