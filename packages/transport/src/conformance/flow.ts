import type { Transport } from '../transport.js';
import {
  moreThanFits,
  randomBytes,
  randomNumbers,
  readAll,
  writeUntilStuck,
  type SuiteContext,
} from './context.js';

/**
 * Bytes arrive whole and in order, and no faster than they are read.
 *
 * @param context - the suite's
 */
export function flowTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;

  for (const seed of [1, 2, 3, 4, 5, 6]) {
    check(`bytes keep their order, however they are cut (${seed})`, async (left, right) => {
      const sides = [
        { from: left, to: right, content: randomBytes(800_000 * seed, seed) },
        { from: right, to: left, content: randomBytes(1_000_000, seed + 100) },
      ];
      await Promise.all(
        sides.map(async ({ from, to, content }, index) => {
          const [received] = await Promise.all([
            readAll(to),
            writeInPieces(from, content, seed * 2 + index),
          ]);
          expect(Buffer.from(content).equals(received)).toBe(true);
        }),
      );
    });
  }

  check('a single byte arrives without waiting for more', async (left, right) => {
    for (let value = 0; value < 50; value++) {
      await left.write([Uint8Array.of(value)]);
      expect([...((await right.read()) ?? [])]).toEqual([value]);
      await right.write([Uint8Array.of(value + 1)]);
      expect([...((await left.read()) ?? [])]).toEqual([value + 1]);
    }
  });

  check('nothing written is nothing to read', async (left, right) => {
    await left.write([]);
    await left.write([new Uint8Array()]);
    await left.write([new Uint8Array(), Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2)]);
    await left.write([]);
    await left.end();
    expect(await readAll(right)).toEqual(Uint8Array.of(1, 2));
  });

  check('one write may be large, and of very many parts', async (left, right) => {
    const large = randomBytes(12 * 1024 * 1024, 9);
    const parts = Array.from({ length: 20_000 }, (_, index) => large.subarray(index, index + 1));
    const [received] = await Promise.all([
      readAll(right),
      (async () => {
        await left.write([large]);
        await left.write(parts);
        await left.end();
      })(),
    ]);
    const expected = Buffer.concat([large, ...parts]);
    expect(expected.equals(received)).toBe(true);
  });

  check('writes that wait together keep their order, and all of them end', async (left, right) => {
    const contents = [7, 8, 9].map((seed) => randomBytes(6 * 1024 * 1024, seed));
    const written = Promise.all(contents.map((content) => left.write([content])));
    const [received] = await Promise.all([readAll(right), written.then(() => left.end())]);
    expect(Buffer.concat(contents).equals(received)).toBe(true);
  });

  check('who does not read holds the writer back, in both directions', async (left, right) => {
    const piece = randomBytes(65_536, 5);
    for (const [writer, reader] of [
      [left, right],
      [right, left],
    ] as const) {
      const { bytes, stuck } = await writeUntilStuck(writer, piece);
      expect(bytes).toBeLessThan(moreThanFits);
      const rest = (async () => {
        await stuck;
        await writer.end();
      })();
      const [received] = await Promise.all([readAll(reader), rest]);
      expect(received.length).toBe(bytes);
      for (let start = 0; start < bytes; start += piece.length) {
        expect(Buffer.from(piece).equals(received.subarray(start, start + piece.length))).toBe(
          true,
        );
      }
    }
  });

  check('a stuck direction does not stop the other', async (left, right) => {
    const { stuck } = await writeUntilStuck(left, randomBytes(65_536, 1));
    const content = randomBytes(2_000_000, 2);
    const send = (async () => {
      await right.write([content]);
      await right.end();
    })();
    const [received] = await Promise.all([readAll(left), send]);
    expect(Buffer.from(content).equals(received)).toBe(true);
    left.destroy();
    await expect(stuck).rejects.toMatchObject({ code: 'closed' });
  });
}

async function writeInPieces(to: Transport, content: Uint8Array, seed: number): Promise<void> {
  const random = randomNumbers(seed);
  const sizes = [1, 2, 16, 1_000, 16_384, 65_537, 300_000];
  for (let position = 0; position < content.length;) {
    const parts: Uint8Array[] = [];
    for (let count = random(4); count >= 0; count--) {
      const size = random(sizes[random(sizes.length)] ?? 1);
      parts.push(content.subarray(position, position + size));
      position = Math.min(content.length, position + size);
    }
    await to.write(parts);
  }
  await to.end();
}
