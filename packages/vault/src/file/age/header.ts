import { concatBytes, utf8 } from '@e2eeftp/crypto';
import { base64nopad } from '@scure/base';

import { VaultError } from '../../errors.js';

/** One way to find the file key: a kind with arguments, and a body. */
export interface AgeStanza {
  /** The kind first; printable ASCII without blanks, none empty. */
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

/** The textual header of an age file, well-formed and not authenticated. */
export interface AgeHeader {
  /** At least one. */
  readonly stanzas: readonly AgeStanza[];
  /** HMAC-SHA-256 over {@link AgeHeader.authenticated}, 32 bytes. */
  readonly mac: Uint8Array;
  /** The header's bytes up to and with `---`. */
  readonly authenticated: Uint8Array;
  /** Bytes of the whole header; the payload's nonce follows. */
  readonly length: number;
}

/** How the first line of every age v1 file reads. */
export const versionLine = 'age-encryption.org/v1';

/** What a full line of a stanza's body holds; the line that ends a body holds less. */
export const bodyLine = { bytes: 48, columns: 64 } as const;

const isArgument = /^[\u0021-\u007e]+$/u;

/**
 * Writes the header of an age v1 file (age-encryption.org/v1, header).
 *
 * @param stanzas - at least one
 * @param macOf - gives the MAC of the bytes that it is called with; see `FileKey`
 * @returns the header's bytes
 * @throws VaultError `misuse` when there is no stanza, or an argument that no header can carry
 */
export function formatAgeHeader(
  stanzas: readonly AgeStanza[],
  macOf: (authenticated: Uint8Array) => Uint8Array,
): Uint8Array {
  const isWritable =
    stanzas.length > 0 &&
    stanzas.every(({ args }) => args.length > 0 && args.every((arg) => isArgument.test(arg)));
  if (!isWritable) throw new VaultError('misuse', 'An age header cannot hold these stanzas');
  const authenticated = utf8(`${versionLine}\n${stanzas.map(formatStanza).join('')}---`);
  return concatBytes(authenticated, utf8(` ${base64nopad.encode(macOf(authenticated))}\n`));
}

function formatStanza({ args, body }: AgeStanza): string {
  let text = `-> ${args.join(' ')}\n`;
  // A body whose length is a multiple of a line's ends with an empty line, so `<=`.
  for (let start = 0; start <= body.length; start += bodyLine.bytes) {
    text += `${base64nopad.encode(body.subarray(start, start + bodyLine.bytes))}\n`;
  }
  return text;
}
