import type { CryptoBackend } from '@e2eeftp/crypto';
import { nobleBackend } from '@e2eeftp/crypto/noble';
import { nodeBackend } from '@e2eeftp/crypto/node';

/** Every implementation of the primitives; each passes every test that takes one. */
export const backends: readonly (readonly [string, CryptoBackend])[] = [
  ['node', nodeBackend],
  ['noble', nobleBackend],
];

/** Every pair, in both orders and with itself: what one seals, the other opens. */
export const backendPairs: readonly (readonly [string, string, CryptoBackend, CryptoBackend])[] =
  backends.flatMap(([oneName, one]) =>
    backends.map(([otherName, other]) => [oneName, otherName, one, other] as const),
  );

/** A backend whose random bytes are the given ones, in this order. */
export function withRandomBytes(
  backend: CryptoBackend,
  values: readonly Uint8Array[],
): CryptoBackend {
  const left = [...values];
  return {
    ...backend,
    randomBytes(length) {
      const next = left.shift();
      if (next?.length !== length) throw new Error(`no ${length} random bytes are left`);
      return Uint8Array.from(next);
    },
  };
}
