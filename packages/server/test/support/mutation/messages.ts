import { createHash } from 'node:crypto';

import { equalBytes, type Established } from '@e2eeftp/crypto';
import { encodeCbor, type BodyEnd, type CborMap } from '@e2eeftp/protocol';

import { corpusRequest, type CorpusRequest } from './corpus.js';
import { crookedCbor } from './crooked-cbor.js';
import type { Random } from './random.js';
import { anyValue, mutatedArgs, mutatedBytes } from './values.js';
import type { AskedRequest } from './verdict.js';

/** What a client says at once, mutated. */
export interface MutatedMessage {
  /** What goes to the network. */
  readonly bytes: Uint8Array;
  /** What a server that obeys the protocol answers before it goes on, if it can. */
  readonly asked: AskedRequest | undefined;
  /** Set when a server must hang up on it: how often it may answer before that. */
  readonly mostAnswers?: number;
}

type Sealer = Established['sealer'];

/** A request with the id that it is asked by. */
type Identified = CorpusRequest & AskedRequest;

const harmlessKinds = {
  asItShouldBe: 25,
  mutatedArgs: 45,
  mutatedEnvelope: 7,
  mutatedBody: 12,
  update: 3,
  large: 1,
} as const;

const allKinds = {
  ...harmlessKinds,
  mutatedCbor: 3,
  crookedCbor: 5,
  outOfPlace: 4,
  mutatedRecord: 3,
  garbage: 1,
  tooLarge: 1,
} as const;

/**
 * What comes next.
 *
 * @param isPolite - whether it must be something that every server answers
 */
export function nextMessage(random: Random, sealer: Sealer, isPolite: boolean): MutatedMessage {
  const kind = isPolite ? random.weighted(harmlessKinds) : random.weighted(allKinds);
  // Ids need not be different.
  const request = { ...corpusRequest(random), id: random.pick([0, 1, 7, 2 ** 40]) };
  switch (kind) {
    case 'asItShouldBe':
      return harmless(request, whole(random, sealer, request));
    case 'mutatedArgs': {
      const mutated = { ...request, args: mutatedArgs(random, request.args) };
      return harmless(mutated, whole(random, sealer, mutated));
    }
    case 'mutatedEnvelope': {
      const mutated = mutatedEnvelope(random, request);
      return harmless(mutated, whole(random, sealer, mutated));
    }
    case 'mutatedBody':
      return harmless(request, mutatedBody(random, sealer, request));
    case 'update':
      return harmless(request, [...sealer.update(), ...whole(random, sealer, request)]);
    case 'large':
      return harmless(request, large(random, sealer, request));
    case 'mutatedCbor':
      return harmful(sealer.seal('message', [mutatedBytes(random, encodeRequest(request))]));
    case 'crookedCbor':
      return crooked(random, sealer, request);
    case 'outOfPlace':
      return harmful(outOfPlace(random, sealer, request));
    case 'mutatedRecord':
      return harmful(mutatedRecords(random, whole(random, sealer, request)));
    case 'garbage':
      return harmful([random.bytes(1 + random.below(100))]);
    case 'tooLarge':
      return deadly(sealer.seal('message', [new Uint8Array(random.pick([65_537, 1_048_576]))]));
  }
}

/** A request that every server answers, and that says when all before it was answered. */
export function lastRequest(sealer: Sealer, id: number): Uint8Array {
  const request = { id, command: 'PING', args: {}, body: false };
  return Buffer.concat(sealer.seal('message', [encodeCbor(request)]));
}

function harmless({ id, command }: Identified, records: readonly Uint8Array[]): MutatedMessage {
  return { bytes: Buffer.concat(records), asked: { id, command } };
}

function harmful(records: readonly Uint8Array[]): MutatedMessage {
  return { bytes: Buffer.concat(records), asked: undefined };
}

function deadly(records: readonly Uint8Array[], mostAnswers = 0): MutatedMessage {
  return { ...harmful(records), mostAnswers };
}

function encodeRequest({ id, command, args, body }: Identified): Uint8Array {
  return encodeCbor({ id, command, args, body });
}

/** A request with the body that it speaks of. */
function whole(random: Random, sealer: Sealer, request: Identified): Uint8Array[] {
  const message = sealer.seal('message', [encodeRequest(request)]);
  if (!request.body) return message;
  const content = random.bytes(random.pick([0, 1, 5, 100, 100, 1000]));
  const ends: BodyEnd[] = [
    { ok: true, size: content.length },
    { ok: true, size: content.length, sha256: createHash('sha256').update(content).digest() },
    { ok: false, text: 'I have thought better of it' },
  ];
  return [
    ...message,
    ...pieces(random, content).flatMap((piece) => sealer.seal('data', [piece])),
    ...sealEnd(sealer, random.pick(ends)),
  ];
}

function mutatedBody(random: Random, sealer: Sealer, request: Identified): Uint8Array[] {
  const content = random.bytes(random.below(300));
  const end = random.pick<BodyEnd>([
    { ok: true, size: content.length + 1 },
    { ok: true, size: 0 },
    { ok: true, size: Number.MAX_SAFE_INTEGER },
    { ok: true, size: content.length, sha256: random.bytes(32) },
    { ok: false, text: '' },
    { ok: false, text: '\u001B[2J\n'.repeat(100) },
  ]);
  return [
    ...sealer.seal('message', [encodeRequest({ ...request, body: true })]),
    ...pieces(random, content).flatMap((piece) => [
      ...(random.chance(20) ? sealer.update() : []),
      ...(random.chance(20) ? sealer.seal('data', []) : []),
      ...sealer.seal('data', [piece]),
    ]),
    ...sealEnd(sealer, end),
  ];
}

/** A message, an end or a close that is written as none may be. */
function crooked(random: Random, sealer: Sealer, request: Identified): MutatedMessage {
  const { id, command, args, body } = request;
  const end = { ok: true, size: 0, sha256: random.bytes(32) };
  const last = { status: 200, text: 'goodbye' };
  switch (random.weighted({ request: 6, end: 2, close: 1 })) {
    case 'request': {
      const straight = encodeRequest(request);
      const plaintext = crookedCbor(random, { id, command, args, body });
      const records = sealer.seal('message', [plaintext]);
      return equalBytes(plaintext, straight) ? harmful(records) : deadly(records);
    }
    case 'end': {
      const plaintext = crookedCbor(random, end);
      const records = [
        ...sealer.seal('message', [encodeRequest({ ...request, body: true })]),
        ...sealer.seal('end', [plaintext]),
      ];
      // Who wants no body says so before its end.
      return equalBytes(plaintext, encodeCbor(end)) ? harmful(records) : deadly(records, 1);
    }
    case 'close': {
      const plaintext = crookedCbor(random, last);
      const records = sealer.seal('close', [plaintext]);
      return equalBytes(plaintext, encodeCbor(last)) ? harmful(records) : deadly(records);
    }
  }
}

function mutatedEnvelope(random: Random, request: Identified): Identified {
  const commands = ['', 'send', 'Get', 'NO', 'SEND ', 'RENAME|a|b', '\u001B[2J', 'X'.repeat(64)];
  return {
    id: request.id,
    command: random.chance(60) ? random.pick(commands) : request.command,
    args: request.args,
    body: random.chance(50),
  };
}

function outOfPlace(random: Random, sealer: Sealer, request: Identified): Uint8Array[] {
  const message = (): Uint8Array[] => sealer.seal('message', [encodeRequest(request)]);
  const open = (): Uint8Array[] =>
    sealer.seal('message', [encodeRequest({ ...request, body: true })]);
  const data = (): Uint8Array[] => sealer.seal('data', [random.bytes(random.below(50))]);
  const end = (): Uint8Array[] => sealEnd(sealer, { ok: true, size: random.below(50) });
  const close = (): Uint8Array[] =>
    sealer.seal('close', [encodeCbor({ status: random.pick([200, 0, 999]), text: '' })]);
  const oddEnd = (): Uint8Array[] => sealer.seal('end', [encodeCbor(anyValue(random))]);
  const orders: readonly (readonly (() => Uint8Array[])[])[] = [
    [data],
    [end],
    [close, message],
    [close, close],
    [close],
    [open, message],
    [open, data, close],
    [open, close, data],
    [open, data, end, data],
    [open, data, end, end],
    [open, oddEnd],
    [message, oddEnd],
    [open, data],
    [() => sealer.seal('message', [])],
    [() => sealer.seal('end', [])],
    [() => sealer.seal('close', [random.bytes(20)])],
    [() => sealer.seal('message', [encodeCbor(anyValue(random))])],
  ];
  return random.pick(orders).flatMap((say) => say());
}

function mutatedRecords(random: Random, records: readonly Uint8Array[]): Uint8Array[] {
  const all = Buffer.concat(records);
  switch (random.weighted({ bytes: 5, type: 3, length: 3, twice: 2, without: 2 })) {
    case 'bytes':
      return [mutatedBytes(random, all)];
    case 'type':
      all[0] = random.below(256);
      return [all];
    case 'length':
      all.writeUIntBE(
        random.pick([0, 1, 15, 16, 17, 65_552, 1_048_592, 1_048_593, 0xffffff]),
        1,
        3,
      );
      return [all];
    case 'twice':
      return [all, all];
    case 'without':
      return [all.subarray(random.below(all.length))];
  }
}

function large(random: Random, sealer: Sealer, request: Identified): Uint8Array[] {
  if (random.chance(50)) {
    const args: CborMap = { ...request.args, padding: 'x'.repeat(60_000) };
    return whole(random, sealer, { ...request, args });
  }
  const content = new Uint8Array(1_048_576);
  return [
    ...sealer.seal('message', [encodeRequest({ ...request, body: true })]),
    ...sealer.seal('data', [content]),
    ...sealEnd(sealer, { ok: true, size: content.length }),
  ];
}

function sealEnd(sealer: Sealer, end: BodyEnd): Uint8Array[] {
  return sealer.seal('end', [encodeCbor(end)]);
}

function pieces(random: Random, content: Uint8Array): Uint8Array[] {
  const cut = random.below(content.length + 1);
  return random.chance(50) ? [content] : [content.subarray(0, cut), content.subarray(cut)];
}
