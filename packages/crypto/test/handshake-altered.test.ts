import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { CryptoBackend } from '../src/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { nobleBackend } from '../src/backends/noble/index.js';
import { converse, type Conversation, type Role } from './support/conversation.js';
import { makeClient, makeServer } from './support/parties.js';

/** The messages, where each begins in what its sender sends, and its length. */
const messages = [
  { name: 'ClientHello', from: 'client', start: 0, length: 1226 },
  { name: 'ServerHello', from: 'server', start: 0, length: 1124 },
  { name: 'ServerAuth', from: 'server', start: 1124, length: 116 },
  { name: 'ClientAuth', from: 'client', start: 1226, length: 117 },
] as const satisfies { name: string; from: Role; start: number; length: number }[];

/** Thousands of clients with one ML-KEM key pair: making a new one takes longest of all. */
const clientBackends = new Map<CryptoBackend, CryptoBackend>(
  [nodeBackend, nobleBackend].map((backend) => {
    // Made once, since it is slow, and so not to be wiped by the first handshake that used it.
    const pair = { ...backend.mlKem768.generate(), dispose: () => undefined };
    return [backend, { ...backend, mlKem768: { ...backend.mlKem768, generate: () => pair } }];
  }),
);

/** Runs a handshake in which one side's stream is changed as a whole before it arrives. */
function withAltered(
  backend: CryptoBackend,
  from: Role,
  alter: (bytes: Uint8Array, offset: number) => Uint8Array,
): Conversation {
  const passed = { client: 0, server: 0 };
  const client = makeClient(clientBackends.get(backend) ?? backend);
  return converse(client, makeServer(backend), (sent, sender) => {
    const offset = passed[sender];
    passed[sender] += sent.length;
    return sender === from ? [alter(sent, offset)] : [sent];
  });
}

function withFlippedByte(
  backend: CryptoBackend,
  from: Role,
  position: number,
  mask: number,
): Conversation {
  return withAltered(backend, from, (bytes, offset) => {
    const altered = Uint8Array.from(bytes);
    const index = position - offset;
    if (index >= 0 && index < bytes.length) altered[index] = (altered[index] as number) ^ mask;
    return altered;
  });
}

/** The server is the one who must not be fooled by ClientAuth; before it, neither may be. */
function expectRefused(name: string, { client, server }: Conversation): void {
  expect(server.established).toBeUndefined();
  if (name !== 'ClientAuth') expect(client.established).toBeUndefined();
}

test('the lengths above are those of the messages', () => {
  const { client, server } = converse(makeClient(nodeBackend), makeServer(nodeBackend));
  expect(client.sent).toHaveLength(1226 + 117);
  expect(server.sent).toHaveLength(1124 + 116);
  expect(client.established && server.established).toBeDefined();
});

describe.each(messages)('$name', ({ name, from, start, length }) => {
  test('no byte of it can be changed, node', () => {
    for (let position = start; position < start + length; position++) {
      const mask = 1 << (position % 8);
      expectRefused(name, withFlippedByte(nodeBackend, from, position, mask));
    }
  });

  test('no byte of it can be changed, noble, by samples', () => {
    const arbitraryPosition = fc.oneof(
      fc.integer({ min: start, max: start + 40 }),
      fc.integer({ min: start, max: start + length - 1 }),
    );
    fc.assert(
      fc.property(arbitraryPosition, fc.integer({ min: 1, max: 255 }), (position, mask) =>
        expectRefused(name, withFlippedByte(nobleBackend, from, position, mask)),
      ),
      { numRuns: 15 },
    );
  });

  test('it cannot be cut short: the handshake waits, and never ends', () => {
    for (const cut of [0, 1, 2, 5, 6, 7, 100, length - 1]) {
      const end = start + Math.min(cut, length - 1);
      const { client, server } = withAltered(nodeBackend, from, (bytes, offset) =>
        bytes.slice(0, Math.max(0, end - offset)),
      );
      expect(server.established).toBeUndefined();
      if (name !== 'ClientAuth') expect(client.established).toBeUndefined();
    }
  });

  test('no byte can be taken out of it or put into it', () => {
    for (const place of [0, 1, 4, 5, 6, 7, 8, 40, 100, length - 1]) {
      const position = start + Math.min(place, length - 1);
      const within = (offset: number, bytes: Uint8Array): boolean =>
        position >= offset && position < offset + bytes.length;
      const without = withAltered(nodeBackend, from, (bytes, offset) =>
        within(offset, bytes) ? spliced(bytes, position - offset, 1, []) : bytes,
      );
      expectRefused(name, without);
      const doubled = withAltered(nodeBackend, from, (bytes, offset) =>
        within(offset, bytes) ? spliced(bytes, position - offset, 0, [0x2a]) : bytes,
      );
      expectRefused(name, doubled);
    }
  });
});

function spliced(bytes: Uint8Array, index: number, remove: number, insert: number[]): Uint8Array {
  const values = [...bytes];
  values.splice(index, remove, ...insert);
  return Uint8Array.from(values);
}

test('bytes behind ServerAuth are the first records and have to open as such', () => {
  const { client } = withAltered(nodeBackend, 'server', (bytes) =>
    Uint8Array.of(...bytes, 1, 2, 3),
  );
  expect([...client.rest]).toEqual([1, 2, 3]);
});
