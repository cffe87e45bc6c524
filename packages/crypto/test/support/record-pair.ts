import {
  concatBytes,
  RecordOpener,
  RecordSealer,
  TrafficKey,
  type CryptoBackend,
  type KeyLimits,
  type OpenedRecord,
  type Suite,
} from '../../src/index.js';
import { nodeBackend } from '../../src/backends/node/index.js';
import { CryptoError } from '../../src/index.js';
import { hex } from './bytes.js';

export type ContentType = OpenedRecord['type'];

export interface Content {
  readonly type: ContentType;
  readonly plaintext: Uint8Array;
}

export interface PairOptions {
  readonly suite?: Suite;
  readonly sealerBackend?: CryptoBackend;
  readonly openerBackend?: CryptoBackend;
  readonly sealerLimits?: KeyLimits;
  readonly openerLimits?: KeyLimits;
}

const secret = (): Uint8Array => new Uint8Array(32).fill(0x42);

export function makeSealer({
  suite = 1,
  sealerBackend = nodeBackend,
  sealerLimits,
}: PairOptions = {}): RecordSealer {
  return new RecordSealer(new TrafficKey(sealerBackend, suite, secret()), sealerLimits);
}

export function makeOpener({
  suite = 1,
  openerBackend = nodeBackend,
  openerLimits,
}: PairOptions = {}): RecordOpener {
  return new RecordOpener(new TrafficKey(openerBackend, suite, secret()), openerLimits);
}

/** One direction of a connection: what one seals, the other opens. */
export function makePair(options: PairOptions = {}): {
  sealer: RecordSealer;
  opener: RecordOpener;
} {
  return { sealer: makeSealer(options), opener: makeOpener(options) };
}

export function sealed(sealer: RecordSealer, { type, plaintext }: Content): Uint8Array {
  return concatBytes(...sealer.seal(type, [plaintext]));
}

export function described({ type, plaintext }: Content): string {
  return `${type} ${hex(plaintext)}`;
}

/** What came of feeding an opener: the contents that it gave out, and the error that ended it. */
export interface Reception {
  readonly contents: string[];
  readonly error: CryptoError | undefined;
}

export function receiveAll(opener: RecordOpener, pieces: readonly Uint8Array[]): Reception {
  const contents: string[] = [];
  try {
    for (const piece of pieces) {
      for (const record of opener.receive(piece)) contents.push(described(record));
    }
    return { contents, error: undefined };
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return { contents, error };
  }
}
