import { describe, expect, test } from '@jest/globals';

import {
  concatBytes,
  equalBytes,
  Identity,
  initiateHandshake,
  respondToHandshake,
  type CryptoBackend,
  type RecordOpener,
  type RecordSealer,
  type RecordType,
  type Suite,
} from '../src/index.js';
import { backends } from './support/backends.js';
import { hex } from './support/bytes.js';
import { bothEstablished, converse } from './support/conversation.js';
import { observed, withFixedValues } from './support/fixed-values.js';
import { vectorFile, type Vector } from './support/vectors.js';

const handshakes = vectorFile('v2')
  .children('handshakes')
  .map((vector, index) => [index + 1, vector] as const);

function replay(backend: CryptoBackend, vector: Vector) {
  const clientSide = observed(
    withFixedValues(backend, {
      x25519PrivateKey: vector.bytes('client_x25519_private'),
      mlKemSeed: vector.bytes('mlkem_keygen_seed'),
    }),
  );
  const serverSide = observed(
    withFixedValues(backend, {
      x25519PrivateKey: vector.bytes('server_x25519_private'),
      mlKemRandomness: vector.bytes('mlkem_encapsulation_randomness'),
    }),
  );
  const server = new Identity(vector.bytes('server_identity_seed'), backend);
  const client = new Identity(vector.bytes('client_identity_seed'), backend);
  const conversation = converse(
    initiateHandshake({
      backend: clientSide.backend,
      identity: client,
      acceptServer: (identity) => equalBytes(identity, server.publicKey),
      suites: vector.list('client_suites') as Suite[],
    }),
    respondToHandshake({ backend: serverSide.backend, identity: server }),
  );
  return { server, client, clientSide, serverSide, conversation };
}

interface Record {
  readonly from: 'client' | 'server';
  readonly name: Exclude<RecordType, 'handshake'>;
  readonly plaintext: Uint8Array;
  readonly record: string;
}

function records(vector: Vector): Record[] {
  return vector.children('records').map((record) => ({
    from: record.text('from') as Record['from'],
    name: record.text('name') as Record['name'],
    plaintext: record.bytes('plaintext'),
    record: record.text('record'),
  }));
}

function seal(sealer: RecordSealer, { name, plaintext }: Record): string {
  if (name === 'update') return hex(concatBytes(...sealer.update()));
  return hex(concatBytes(...sealer.seal(name, [plaintext])));
}

function open(opener: RecordOpener, record: string): string[] {
  return Array.from(opener.receive(Buffer.from(record, 'hex')), (opened) => {
    return `${opened.type} ${hex(opened.plaintext)}`;
  });
}

describe.each(backends)('%s', (_name, backend) => {
  describe.each(handshakes)('handshake %d', (_number, vector) => {
    test('every message is the same byte for byte', () => {
      const { conversation } = replay(backend, vector);
      bothEstablished(conversation);
      const serverFlight = vector.text('ServerHello') + vector.text('ServerAuth_record');
      const clientFlights = vector.text('ClientHello') + vector.text('ClientAuth_record');
      expect(hex(conversation.server.sent)).toBe(serverFlight);
      expect(hex(conversation.client.sent)).toBe(clientFlights);
    });

    test('both sides derive every secret on the way', () => {
      const { clientSide, serverSide } = replay(backend, vector);
      const names = ['th1', 'hs', 'c_hs', 's_hs', 'th2', 'th3', 'master', 'c_ap', 's_ap'];
      for (const name of [...names, 'channel_binding']) {
        expect({ [name]: clientSide.seen.has(vector.text(name)) }).toEqual({ [name]: true });
        expect({ [name]: serverSide.seen.has(vector.text(name)) }).toEqual({ [name]: true });
      }
    });

    test('both sides end with the same view', () => {
      const { conversation, client, server } = replay(backend, vector);
      const established = bothEstablished(conversation);
      expect(established.client.suite).toBe(vector.number('chosen_suite'));
      expect(established.server.suite).toBe(vector.number('chosen_suite'));
      expect(hex(established.client.channelBinding)).toBe(vector.text('channel_binding'));
      expect(hex(established.server.channelBinding)).toBe(vector.text('channel_binding'));
      expect(hex(established.client.peerIdentity)).toBe(hex(server.publicKey));
      expect(hex(established.server.peerIdentity)).toBe(hex(client.publicKey));
    });

    test('the records behind it are sealed byte for byte, and open', () => {
      const established = bothEstablished(replay(backend, vector).conversation);
      for (const record of records(vector)) {
        const to = record.from === 'client' ? 'server' : 'client';
        expect(seal(established[record.from].sealer, record)).toBe(record.record);
        const content = `${record.name} ${hex(record.plaintext)}`;
        const opened = open(established[to].opener, record.record);
        expect(opened).toEqual(record.name === 'update' ? [] : [content]);
      }
    });
  });
});
