import { createHash } from 'node:crypto';

import type { V1Keys } from '../../../src/index.js';
import { unhex } from '../../support/bytes.js';
import { vectorFile, vectorFileText } from '../../support/vectors.js';

export const v1 = vectorFile('v1');

/** The keys that the two parties of the vectors agree on; fresh arrays at each call. */
export function vectorKeys(): V1Keys {
  return { encryption: v1.bytes('encryption_key'), authentication: v1.bytes('authentication_key') };
}

/** A payload of the vectors; that of the largest file is known by its digest alone. */
export interface PayloadVector {
  readonly plaintext: Uint8Array;
  readonly iv: Uint8Array;
  readonly payloadLength: number;
  readonly payloadDigest: string;
  readonly payload: Uint8Array | undefined;
}

const largestWrittenOut = 10_000;

export const payloadVectors: readonly (readonly [string, PayloadVector])[] = v1
  .children('payloads')
  .map((vector) => {
    const length = vector.number('plaintext_length');
    const isWrittenOut = length < largestWrittenOut;
    return [
      `${length} bytes`,
      {
        plaintext: isWrittenOut ? vector.bytes('plaintext') : generatedPlaintext(length),
        iv: vector.bytes('iv'),
        payloadLength: vector.number('payload_length'),
        payloadDigest: vector.text('payload_sha256'),
        payload: isWrittenOut ? vector.bytes('payload') : undefined,
      },
    ] as const;
  });

/** The vector of a file that has this many bytes. */
export function payloadVector(length: number): PayloadVector & { readonly payload: Uint8Array } {
  const found = payloadVectors.find(([name]) => name === `${length} bytes`)?.[1];
  if (!found?.payload) throw new Error(`there is no payload of ${length} bytes`);
  return { ...found, payload: found.payload };
}

/** An object of the file whose fields are all hex, each with its name. */
export function namedBytes(
  field: 'rejected_payloads' | 'rejected_client_hellos',
): [string, Uint8Array][] {
  const file = JSON.parse(vectorFileText('v1.json')) as Record<string, Record<string, string>>;
  const entries = Object.entries(file[field] ?? {});
  if (entries.length === 0) throw new Error(`the vectors have no "${field}"`);
  return entries.map(([name, text]) => [name, unhex(text)]);
}

export function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function generatedPlaintext(length: number): Uint8Array {
  const plaintext = Buffer.alloc(length);
  for (let block = 0; block * 32 < length; block++) {
    const text = `e2eeftp v1 vectors/plaintext/${length}/${block}`;
    createHash('sha256')
      .update(text)
      .digest()
      .copy(plaintext, block * 32);
  }
  return plaintext;
}
