import { concatBytes, utf8 } from '@e2eeftp/crypto';

const separator = Uint8Array.of(0);

/**
 * Puts a label before what is to be signed, so that a signature made for one use fits no other.
 *
 * @param label - what the signature is for
 * @param parts - what it covers
 * @returns the label, a zero byte, and the parts
 */
export function labelled(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(utf8(label), separator, ...parts);
}
