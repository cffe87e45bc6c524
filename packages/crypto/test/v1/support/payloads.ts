import { concatBytes, V1PayloadOpener, V1PayloadSealer } from '../../../src/index.js';
import type { CryptoBackend, V1Keys } from '../../../src/index.js';
import { vectorKeys } from './vectors.js';

export interface SealOptions {
  readonly backend: CryptoBackend;
  readonly pieces: readonly Uint8Array[];
  readonly iv?: Uint8Array;
  readonly keys?: V1Keys;
}

/** The payload of a file that comes in these pieces. */
export function seal({ backend, pieces, iv, keys = vectorKeys() }: SealOptions): Uint8Array {
  const plaintextLength = pieces.reduce((sum, { length }) => sum + length, 0);
  const sealer = new V1PayloadSealer({ backend, keys, plaintextLength, ...(iv && { iv }) });
  const parts = pieces.flatMap((piece) => sealer.update(piece));
  return concatBytes(...parts, ...sealer.final());
}

export interface OpenOptions {
  readonly backend: CryptoBackend;
  readonly pieces: readonly Uint8Array[];
  /** What the peer has announced; by default what comes. */
  readonly payloadLength?: number;
  readonly keys?: V1Keys;
}

/** An opener that has got all the pieces and only waits to be asked how it ends. */
export interface Fed {
  /** What it gave so far. */
  readonly plaintext: Uint8Array;
  readonly opener: V1PayloadOpener;
}

export function feed({
  backend,
  pieces,
  payloadLength = pieces.reduce((sum, { length }) => sum + length, 0),
  keys = vectorKeys(),
}: OpenOptions): Fed {
  const opener = new V1PayloadOpener({ backend, keys, payloadLength });
  // The piece is overwritten behind every call, as a transport does with its one buffer.
  const given = pieces.map((piece) => {
    const lent = Buffer.from(piece);
    const plaintext = opener.update(lent);
    lent.fill(0xee);
    return plaintext;
  });
  return { plaintext: concatBytes(...given), opener };
}

/** The file in a payload that comes in these pieces. */
export function open(options: OpenOptions): Uint8Array {
  const { plaintext, opener } = feed(options);
  return concatBytes(plaintext, opener.final());
}
