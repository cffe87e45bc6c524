import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { TransportPair } from '../src/conformance.js';
import { memoryTransportPair, type Transport } from '../src/index.js';
import { tcpPair } from './tcp-pair.js';

const kinds: Record<string, () => Promise<TransportPair>> = {
  'in memory': async () => {
    const [left, right] = memoryTransportPair();
    return { left, right };
  },
  'over TCP': () => tcpPair('127.0.0.1'),
};

const writes = fc.array(
  fc.array(fc.uint8Array({ maxLength: 2_000, size: 'max' }), { maxLength: 6 }),
);

describe.each(Object.entries(kinds))('%s', (_name, makePair) => {
  test('whatever is written in whatever pieces is read, in order', async () => {
    await fc.assert(
      fc.asyncProperty(writes, writes, async (fromLeft, fromRight) => {
        const { left, right } = await makePair();
        try {
          const [atRight, atLeft] = await Promise.all([
            readAll(right),
            readAll(left),
            writeAll(left, fromLeft),
            writeAll(right, fromRight),
          ]);
          expect(atRight.equals(Buffer.concat(fromLeft.flat()))).toBe(true);
          expect(atLeft.equals(Buffer.concat(fromRight.flat()))).toBe(true);
        } finally {
          left.destroy();
          right.destroy();
        }
      }),
    );
  });
});

async function writeAll(to: Transport, calls: readonly Uint8Array[][]): Promise<void> {
  for (const parts of calls) await to.write(parts);
  await to.end();
}

async function readAll(from: Transport): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let chunk = await from.read(); chunk; chunk = await from.read()) {
    expect(chunk.length).not.toBe(0);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}
