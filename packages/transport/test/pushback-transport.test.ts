import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { transportConformance, type TransportPair } from '../src/conformance.js';
import { memoryTransportPair, PushbackTransport, type Transport } from '../src/index.js';
import { tcpPair } from './tcp-pair.js';

const kinds: Record<string, () => Promise<TransportPair>> = {
  memory: async () => {
    const [left, right] = memoryTransportPair();
    return { left, right };
  },
  TCP: () => tcpPair('127.0.0.1'),
};

/** Gives half of every chunk back before anybody sees it. */
class Halving extends PushbackTransport {
  #isSecondHalf = false;

  override async read(): Promise<Uint8Array | undefined> {
    const chunk = await super.read();
    this.#isSecondHalf = !this.#isSecondHalf;
    if (!chunk || !this.#isSecondHalf) return chunk;
    const middle = Math.ceil(chunk.length / 2);
    this.unread(chunk.subarray(middle));
    return chunk.subarray(0, middle);
  }
}

async function wrapped(
  makePair: () => Promise<TransportPair>,
  Wrapper: new (transport: Transport) => PushbackTransport,
): Promise<{ left: PushbackTransport; right: PushbackTransport }> {
  const { left, right } = await makePair();
  return { left: new Wrapper(left), right: new Wrapper(right) };
}

for (const [name, makePair] of Object.entries(kinds)) {
  transportConformance(
    `a transport that gives bytes back, over ${name}`,
    () => wrapped(makePair, PushbackTransport),
    { describe, test, expect },
  );
}
// TCP alone reads into the same memory again and again.
transportConformance(
  'a transport that gave every chunk back, over TCP',
  () => wrapped(() => tcpPair('127.0.0.1'), Halving),
  { describe, test, expect },
);

type Step =
  | { readonly kind: 'read' }
  | { readonly kind: 'readExactly'; readonly length: number }
  /** Gives back the end of what was read last, or of what is left of it. */
  | { readonly kind: 'unread'; readonly length: number };

const contents = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.constant({ kind: 'read' as const }),
    fc.record({ kind: fc.constant('readExactly' as const), length: fc.nat(400) }),
    fc.record({ kind: fc.constant('unread' as const), length: fc.nat(400) }),
  ),
  { maxLength: 40, size: 'max' },
);

describe.each(Object.entries(kinds))('over %s', (_name, makePair) => {
  async function withReader(
    work: (reader: PushbackTransport, writer: Transport) => Promise<void>,
  ): Promise<void> {
    const { left, right } = await makePair();
    const reader = new PushbackTransport(right);
    try {
      await work(reader, left);
    } finally {
      left.destroy();
      reader.destroy();
    }
  }

  test('whatever is read and given back, the bytes come in their order, each once', async () => {
    await fc.assert(
      fc.asyncProperty(contents, steps, async (parts, taken) => {
        const content = Buffer.concat(parts);
        await withReader(async (reader, writer) => {
          const written = (async () => {
            for (const part of parts) await writer.write([part]);
            await writer.end();
          })();
          let position = 0;
          let last: Uint8Array = new Uint8Array();
          for (const step of taken) {
            if (step.kind === 'unread') {
              const middle = Math.max(0, last.length - step.length);
              reader.unread(last.subarray(middle));
              position -= last.length - middle;
              last = last.subarray(0, middle);
              continue;
            }
            if (step.kind === 'read') {
              const chunk = await reader.read();
              expect(chunk?.length).not.toBe(0);
              expect(chunk === undefined).toBe(position === content.length);
              last = chunk ?? new Uint8Array();
            } else {
              last = await reader.readExactly(step.length);
              expect(last.length).toBe(Math.min(step.length, content.length - position));
            }
            expect(content.subarray(position, position + last.length).equals(last)).toBe(true);
            position += last.length;
          }
          const rest = await reader.readExactly(content.length + 1);
          expect(content.subarray(position).equals(rest)).toBe(true);
          expect(await reader.read()).toBe(undefined);
          await written;
        });
      }),
      { numRuns: 60 },
    );
  });

  test('an exact read keeps its bytes, whatever is read after it', async () => {
    await withReader(async (reader, writer) => {
      const first = reader.readExactly(4);
      await writer.write([Buffer.from('fir')]);
      await writer.write([Buffer.from('stsecond')]);
      const kept = await first;
      expect(Buffer.from(kept).toString()).toBe('firs');
      const next = await reader.readExactly(4);
      kept.fill(0);
      expect(Buffer.from(next).toString()).toBe('tsec');
      expect(Buffer.from(await reader.readExactly(3)).toString()).toBe('ond');
    });
  });

  test('nothing is read for a length of none', async () => {
    await withReader(async (reader) => {
      expect(await reader.readExactly(0)).toEqual(new Uint8Array());
    });
  });

  test('at the end an exact read gives what there is, and then nothing', async () => {
    await withReader(async (reader, writer) => {
      await writer.write([Buffer.from('ab')]);
      await writer.end();
      expect(Buffer.from(await reader.readExactly(3)).toString()).toBe('ab');
      expect(await reader.readExactly(3)).toEqual(new Uint8Array());
      expect(await reader.read()).toBe(undefined);
      // Behind the end, bytes can be given back all the same.
      reader.unread(Buffer.from('b'));
      expect(Buffer.from((await reader.read()) ?? []).toString()).toBe('b');
      expect(await reader.read()).toBe(undefined);
    });
  });

  test('an exact read fails when the connection does', async () => {
    await withReader(async (reader, writer) => {
      await writer.write([Buffer.from('ab')]);
      const read = reader.readExactly(3);
      reader.setIdleTimeout(40);
      await expect(read).rejects.toMatchObject({ code: 'timed-out' });
    });
  });

  test('destroyed, it gives nothing back', async () => {
    await withReader(async (reader, writer) => {
      await writer.write([Buffer.from('abcd')]);
      const first = await reader.readExactly(2);
      reader.unread(first);
      reader.destroy();
      await expect(reader.read()).rejects.toMatchObject({ code: 'closed' });
      reader.unread(first);
      await expect(reader.readExactly(1)).rejects.toMatchObject({ code: 'closed' });
    });
  });
});
