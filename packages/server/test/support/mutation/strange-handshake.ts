import {
  concatBytes,
  defaultBackend,
  initiateHandshake,
  labels,
  sizes,
  type CryptoBackend,
  type Identity,
} from '@e2eeftp/crypto';
import type { Transport } from '@e2eeftp/transport';

import { hearOut } from './hearing.js';
import type { Random } from './random.js';
import { mutatedBytes } from './values.js';

/** Bytes of ServerHello and ServerAuth, which are all that a stranger ever hears. */
const greeting = 1240;

/** Points of X25519 and of Ed25519 with which a peer could fix what comes of them. */
const smallPoints = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map((hex) => Buffer.from(hex, 'hex'));

/**
 * Goes through a handshake something about which is wrong, and hangs up.
 *
 * @returns what is wrong about what the server said or did, if anything is
 */
export async function strangeHandshake(
  transport: Transport,
  identity: Identity,
  random: Random,
): Promise<string | undefined> {
  const backend = random.chance(50) ? defaultBackend : crookedBackend(random);
  const role = initiateHandshake({ backend, identity, acceptServer: () => true });
  const hello = role.start();
  if (random.chance(50)) {
    const strange = random.chance(50) ? mutatedBytes(random, hello) : strangeHello(random, hello);
    await transport.write([strange]).catch(() => undefined);
    return judged('a strange hello', await hearOut(transport), greeting);
  }
  await transport.write([hello]);
  const proof = await proofFor(role, transport);
  if (!proof) return 'a good hello was not answered';
  const strange = backend === defaultBackend ? strangeProof(random, proof) : proof;
  await transport.write([strange]).catch(() => undefined);
  const isGood = backend === defaultBackend && startsWith(strange, proof);
  return judged('a strange proof', await hearOut(transport), isGood ? Infinity : 0);
}

/** What the client must say next, once the server has said all of its part. */
async function proofFor(
  role: ReturnType<typeof initiateHandshake>,
  transport: Transport,
): Promise<Uint8Array | undefined> {
  for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
    const { send } = role.receive(chunk);
    if (send.length > 0) return send;
  }
  return undefined;
}

function judged(what: string, heard: Buffer | undefined, most: number): string | undefined {
  if (!heard) return `the server did not hang up after ${what}`;
  return heard.length > most ? `${heard.length} bytes came after ${what}` : undefined;
}

/** A hello some field of which is what it may not be. */
function strangeHello(random: Random, hello: Uint8Array): Uint8Array {
  const shares = hello.length - sizes.x25519PublicKey - sizes.mlKem768EncapsulationKey;
  const keys = {
    x25519: hello.subarray(shares, shares + sizes.x25519PublicKey),
    mlKem: hello.subarray(shares + sizes.x25519PublicKey),
  };
  const lists = [[], [0], [3, 4, 255], [2, 1], [1, 1, 1], [0, 2], Array<number>(255).fill(9)];
  const suites = random.pick([...lists, [1, 2], [1, 2]]);
  const version = random.chance(20) ? random.pick([0, 1, 3, 255]) : 2;
  const x25519 = random.chance(50) ? random.pick(smallPoints) : keys.x25519;
  const mlKem = random.chance(50)
    ? new Uint8Array(sizes.mlKem768EncapsulationKey).fill(random.pick([0, 1, 0x7f, 0xff]))
    : keys.mlKem;
  const count = random.chance(90) ? suites.length : random.below(256);
  const body = concatBytes(Uint8Array.of(version, count, ...suites), x25519, mlKem);
  const length = random.chance(80) ? body.length : random.pick([0, 1, body.length + 1, 65_535]);
  return concatBytes(labels.magic, Uint8Array.of(length >>> 8, length & 0xff), body);
}

function strangeProof(random: Random, proof: Uint8Array): Uint8Array {
  switch (random.weighted({ bytes: 5, type: 2, length: 2, garbage: 1 })) {
    case 'bytes':
      return mutatedBytes(random, proof);
    case 'type':
      return concatBytes(Uint8Array.of(random.below(256)), proof.subarray(1));
    case 'length':
      return concatBytes(Uint8Array.of(1, ...random.bytes(3)), proof.subarray(4));
    case 'garbage':
      return random.bytes(200);
  }
}

/** Proves with the right keys what is not so. */
function crookedBackend(random: Random): CryptoBackend {
  return {
    ...defaultBackend,
    aead: (name, key) => {
      const right = defaultBackend.aead(name, key);
      return {
        open: (nonce, header, sealed) => right.open(nonce, header, sealed),
        seal: (nonce, header, parts) => right.seal(nonce, header, [strangeClaim(random, parts)]),
      };
    },
  };
}

/** The client's kind, key and signature, one of which is another. */
function strangeClaim(random: Random, parts: readonly Uint8Array[]): Uint8Array {
  const claim = concatBytes(...parts);
  const signature = 1 + sizes.ed25519PublicKey;
  switch (random.weighted({ kind: 1, key: 2, signature: 2, length: 1 })) {
    case 'kind':
      claim[0] = random.pick([0, 2, 255]);
      return claim;
    case 'key':
      claim.set(random.chance(70) ? random.pick(smallPoints) : random.bytes(32), 1);
      return claim;
    case 'signature': {
      const at = signature + random.below(sizes.ed25519Signature);
      claim[at] = (claim[at] ?? 0) ^ (1 << random.below(8));
      return claim;
    }
    case 'length':
      return random.chance(50) ? claim.subarray(1) : concatBytes(claim, Uint8Array.of(0));
  }
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}
