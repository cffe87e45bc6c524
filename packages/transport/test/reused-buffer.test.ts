import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ReusedBuffer } from '../src/reused-buffer.js';

const small = 16 * 1024;
const large = 512 * 1024;
/** Large buffers that are kept while nobody uses them. */
const spares = 8;

/** What a socket does with such a buffer, and a reader that uses each chunk up in its own time. */
class Socket {
  readonly receiver = new ReusedBuffer();
  /** Where the next bytes go. */
  buffer: Uint8Array;
  /** What the reader has in its hands, and what must be in it. */
  held: { readonly chunk: Uint8Array; readonly byte: number } | undefined;
  #byte = 0;
  #delivered: Uint8Array | undefined;

  constructor() {
    this.receiver.deliverTo((chunk) => {
      this.#delivered = chunk;
    });
    this.buffer = this.#next();
  }

  /** The reader is done with a chunk and asks for the next, which comes with so many bytes. */
  receive(length: number, byte = 0): void {
    if (this.held) this.receiver.reclaim();
    this.#byte = byte;
    const taken = Math.min(length, this.buffer.length);
    this.buffer.fill(this.#byte, 0, taken);
    // Node stops reading when the answer is no.
    expect(this.receiver.onread.callback(taken, this.buffer)).toBe(false);
    const chunk = this.#delivered as Uint8Array;
    expect(chunk).toHaveLength(taken);
    this.held = { chunk, byte };
    this.buffer = this.#next();
  }

  /** Takes as much as there is room for until the room is large. */
  fill(): Uint8Array {
    for (let chunks = 0; chunks < 3 && this.buffer.length < large; chunks++) this.receive(large);
    expect(this.buffer).toHaveLength(large);
    return this.buffer;
  }

  #next(): Uint8Array {
    const { buffer } = this.receiver.onread;
    if (typeof buffer !== 'function') throw new Error('the buffer is not exchanged');
    return buffer();
  }
}

function isIntact({ held }: Socket): boolean {
  return held === undefined || held.chunk.every((byte) => byte === held.byte);
}

describe('a buffer that is used again and again', () => {
  test('is small at first, large while much comes, and small again behind that', () => {
    const socket = new Socket();
    expect(socket.buffer).toHaveLength(small);
    socket.receive(small - 1);
    expect(socket.buffer).toHaveLength(small);
    socket.fill();
    socket.receive(large);
    expect(socket.buffer).toHaveLength(large);
    socket.receive(large - 1);
    expect(socket.buffer).toHaveLength(small);
    socket.receive(1);
    expect(socket.buffer).toHaveLength(small);
  });

  test('is not large for one full chunk of somebody who is not read from', () => {
    const socket = new Socket();
    socket.receive(small);
    expect(socket.buffer).toHaveLength(small);
    socket.receive(small);
    expect(socket.buffer).toHaveLength(large);
  });

  test('gives what came before somebody took delivery, once', () => {
    const receiver = new ReusedBuffer();
    const { buffer, callback } = receiver.onread;
    if (typeof buffer !== 'function') throw new Error('the buffer is not exchanged');
    const memory = buffer();
    memory.fill(7, 0, 3);
    expect(callback(3, memory)).toBe(false);
    const chunks: Uint8Array[] = [];
    receiver.deliverTo((chunk) => void chunks.push(chunk));
    receiver.deliverTo((chunk) => void chunks.push(chunk));
    expect(chunks.map((chunk) => [...chunk])).toEqual([[7, 7, 7]]);
  });

  test('never takes bytes away from a reader, nor gives the same memory to two', () => {
    const length = fc.oneof(
      fc.constantFrom(1, small - 1, small, small + 1, large - 1, large),
      fc.integer({ min: 1, max: large }),
    );
    const steps = fc.array(fc.tuple(fc.nat(4), length), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(steps, (taken) => {
        const sockets = Array.from({ length: 5 }, () => new Socket());
        for (const [step, [which, bytes]] of taken.entries()) {
          const socket = sockets[which];
          socket?.receive(bytes, (step % 255) + 1);
          if (!sockets.every(isIntact)) throw new Error(`step ${step} overwrote a chunk`);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('keeps few large buffers that nobody uses, however many were in use', () => {
    const use = (): Set<ArrayBufferLike> => {
      const sockets = Array.from({ length: 3 * spares }, () => new Socket());
      const memory = new Set(sockets.map((socket) => socket.fill().buffer));
      expect(memory.size).toBe(sockets.length);
      for (const socket of sockets) {
        socket.receive(1);
        socket.receive(1);
      }
      return memory;
    };
    const first = use();
    const again = [...use()].filter((memory) => first.has(memory));
    expect(again).toHaveLength(spares);
  });

  test('is lent to another only once its last chunk is used up', () => {
    const socket = new Socket();
    const lent = socket.fill().buffer;
    socket.receive(1);
    const before = Array.from({ length: spares + 1 }, () => new Socket().fill().buffer);
    expect(before).not.toContain(lent);
    socket.receive(1);
    expect(new Socket().fill().buffer).toBe(lent);
  });
});
