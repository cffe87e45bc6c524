import {
  concatBytes,
  defaultBackend,
  openV1Hello,
  V1Handshake,
  v1HelloLength,
  V1PayloadSealer,
  v1PayloadLength,
  type Identity,
  type V1Keys,
} from '@e2eeftp/crypto';
import type { Transport } from '@e2eeftp/transport';

import { hearOut } from './hearing.js';
import type { Random } from './random.js';
import { mutatedBytes, paths, texts } from './values.js';
import { faultOfV1 } from './verdict.js';

/** What a client says at once in the first generation. */
interface Line {
  readonly text: string;
  /** What follows it. */
  readonly payload: Uint8Array;
}

const names = ['f', 'g', 'h', 'none'];
const lengths = [
  ...['', '0', '-1', '+1', '1e3', '0x40', ' 64', '64 ', '６４', '063', '64.0', 'NaN', '1|2'],
  ...['99999999999999999999', '9007199254740991', '9007199254740992', '18446744073709551616'],
];

/**
 * Goes through a connection of the first generation something about which is wrong, and hangs up.
 *
 * @returns what is wrong about what the server said or did, if anything is
 */
export async function strangeLine(
  transport: Transport,
  identity: Identity,
  random: Random,
): Promise<string | undefined> {
  const handshake = new V1Handshake({ backend: defaultBackend, identity });
  if (random.chance(15)) return strangeV1Hello(transport, handshake, random);
  await transport.write([handshake.hello]);
  const hello = await readHello(transport);
  if (!hello) return 'a good hello of v1 was not answered';
  const keys = handshake.agree(openV1Hello(defaultBackend, hello));
  const { text, payload } = anyLine(random, keys);
  const isChanged = random.chance(20);
  const said = Buffer.concat([Buffer.from(text), payload]);
  const bytes = isChanged ? mutatedBytes(random, said) : said;
  await transport.write([bytes]).catch(() => undefined);
  const answer = await hearOut(transport);
  if (!answer) return `the server did not hang up after the line ${JSON.stringify(text)}`;
  return faultOfV1(answer, Buffer.from(bytes).toString());
}

async function strangeV1Hello(
  transport: Transport,
  handshake: V1Handshake,
  random: Random,
): Promise<string | undefined> {
  handshake.dispose();
  const strange = mutatedBytes(random, handshake.hello);
  await transport.write([strange]).catch(() => undefined);
  const heard = await hearOut(transport);
  if (!heard) return 'the server did not hang up after a strange hello of v1';
  const isGood = handshake.hello.every((byte, index) => strange[index] === byte);
  // Whoever has signed nothing hears nothing.
  return heard.length === 0 || isGood ? undefined : 'a strange hello of v1 was answered';
}

/** All of the server's hello, which nothing follows before a line was said. */
async function readHello(transport: Transport): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  for (let missing = v1HelloLength; missing > 0;) {
    const chunk = await transport.read();
    if (!chunk) return undefined;
    parts.push(Uint8Array.from(chunk));
    missing -= chunk.length;
  }
  return concatBytes(...parts);
}

function anyLine(random: Random, keys: V1Keys): Line {
  const name = anyName(random);
  const kinds = { send: 5, get: 3, list: 1, delete: 1, hlist: 1, odd: 4, endless: 1, raw: 1 };
  const plain = (text: string): Line => ({ text, payload: new Uint8Array(0) });
  switch (random.weighted(kinds)) {
    case 'send':
      return sending(random, keys, name);
    case 'get':
      return plain(`GET|${name}\n`);
    case 'list':
      return plain('LIST\n');
    case 'delete':
      return plain(`DELETE|${name}\n`);
    case 'hlist':
      return plain('HLIST\n');
    case 'odd':
      return plain(`${random.pick(oddLines)}${random.chance(90) ? '\n' : ''}`);
    case 'endless':
      return plain('x'.repeat(random.pick([8190, 8191, 8192, 70_000])));
    case 'raw':
      return { text: '', payload: concatBytes(random.bytes(random.below(60)), Uint8Array.of(10)) };
  }
}

const oddLines = [
  ...['', ' ', '|', '||||', 'GET', 'GET|', 'GET|f|g', 'SEND', 'SEND|f', 'SEND||64', 'SEND|f|64|64'],
  ...['LIST|', 'LIST|f', 'DELETE', 'HLIST|x', 'get|f', ' gEt|f ', 'RENAME|f|g', 'STAT|f', 'PING'],
  ...[
    'WHOAMI',
    'RESUME|f',
    'MKDIR|d',
    '__proto__',
    'constructor|f',
    'GET\u0000|f',
    'GET|f\r',
    '\r',
  ],
  ...['\uFEFFGET|f', 'GET|\uFEFFf', '\u001B[2J', '\u202EGET|f', 'SEND|received/f|64', 'GET|../f'],
];

function anyName(random: Random): string {
  if (random.chance(50)) return random.pick(names);
  const name = random.chance(50) ? random.pick(texts) : random.pick(paths);
  return name.replace(/^received\//u, '');
}

function sending(random: Random, keys: V1Keys, name: string): Line {
  const content = random.bytes(random.pick([0, 1, 15, 16, 17, 1000]));
  const plaintextLength = content.length;
  const sealer = new V1PayloadSealer({ backend: defaultBackend, keys, plaintextLength });
  const right = concatBytes(...sealer.update(content), ...sealer.final());
  const payload = anyPayload(random, keys, right);
  const length = random.chance(70)
    ? String(payload.length)
    : random.pick([...lengths, String(v1PayloadLength(content.length + 16))]);
  return { text: `SEND|${name}|${length}\n`, payload };
}

function anyPayload(random: Random, keys: V1Keys, right: Uint8Array): Uint8Array {
  switch (random.weighted({ right: 4, changed: 3, short: 1, long: 1, padding: 2 })) {
    case 'right':
      return right;
    case 'changed':
      return mutatedBytes(random, right);
    case 'short':
      return right.subarray(0, random.below(right.length));
    case 'long':
      return concatBytes(right, random.bytes(20));
    case 'padding':
      return badlyPadded(random, keys, right);
  }
}

/** Authentic, since its sender has the keys; but what was encrypted had no padding. */
function badlyPadded(random: Random, keys: V1Keys, right: Uint8Array): Uint8Array {
  const body = Uint8Array.from(right.subarray(0, -32));
  const at = body.length - 17;
  body[at] = (body[at] ?? 0) ^ (1 + random.below(255));
  return concatBytes(body, defaultBackend.hmacSha256(keys.authentication, body));
}
