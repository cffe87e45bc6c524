import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { RecordOpener, TrafficKey } from '@e2eeftp/crypto';
import { nodeBackend } from '@e2eeftp/crypto/node';

import { decodeCbor, encodeCbor } from '../src/index.js';
import {
  encodeClose,
  encodeRequest,
  encodeResponse,
  parseClose,
  parseRequest,
  parseResponse,
} from '../src/messages/messages.js';
import { fromHex, joinBytes, toHex } from './support/bytes.js';

const vectorsSchema = z.object({
  handshakes: z.array(
    z.object({
      chosen_suite: z.union([z.literal(1), z.literal(2)]),
      c_ap: z.string(),
      s_ap: z.string(),
      records: z.array(
        z.object({
          from: z.enum(['client', 'server']),
          name: z.enum(['message', 'data', 'end', 'close', 'update']),
          plaintext: z.string(),
          record: z.string(),
        }),
      ),
    }),
  ),
});

const file = new URL('../../../vectors/v2.json', import.meta.url);
const { handshakes } = vectorsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
type Record = (typeof handshakes)[number]['records'][number];

test('there are vectors, with messages in both directions', () => {
  expect(handshakes.length).toBeGreaterThan(0);
  for (const { records } of handshakes) {
    const kinds = records.map(({ from, name }) => `${from} ${name}`);
    expect(kinds).toEqual(
      expect.arrayContaining(['client message', 'server message', 'server close']),
    );
  }
});

describe.each(handshakes.map((handshake, index) => ({ ...handshake, index })))(
  'the records behind handshake $index',
  ({ chosen_suite: suite, c_ap, s_ap, records }) => {
    const secrets = { client: c_ap, server: s_ap };

    test.each(ofCbor(records))('the $name from the $from is canonical', ({ plaintext }) => {
      expect(toHex(encodeCbor(decodeCbor(fromHex(plaintext))))).toBe(plaintext);
    });

    test.each(ofCbor(records))('the $name from the $from is a message of its kind', (record) => {
      expect(rewrite(record)).toBe(record.plaintext);
    });

    test.each(['client', 'server'] as const)('are what the %s’s records hold', (from) => {
      const mine = records.filter((record) => record.from === from);
      const opener = new RecordOpener(new TrafficKey(nodeBackend, suite, fromHex(secrets[from])));
      const opened = [...opener.receive(joinBytes(mine.map(({ record }) => fromHex(record))))];
      expect(opened.map(({ type, plaintext }) => [type, toHex(plaintext)])).toEqual(
        mine
          .filter(({ name }) => name !== 'update')
          .map(({ name, plaintext }) => [name, plaintext]),
      );
    });
  },
);

function ofCbor(records: readonly Record[]): Record[] {
  return records.filter(({ name }) => name !== 'data' && name !== 'update');
}

/** Reads a message as what it is by its place, and writes it again. */
function rewrite({ from, name, plaintext }: Record): string {
  const bytes = fromHex(plaintext);
  if (name === 'close') return toHex(encodeClose(parseClose(bytes)));
  if (name !== 'message') throw new Error(`there is no ${name} in these vectors`);
  if (from === 'client') return toHex(encodeRequest(parseRequest(bytes)));
  return toHex(encodeResponse(parseResponse(bytes)));
}
