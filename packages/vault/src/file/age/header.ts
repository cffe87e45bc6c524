import { concatBytes, equalBytes, hkdf, utf8, type CryptoBackend } from '@e2eeftp/crypto';
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
 * @param macOf - gives the MAC of the bytes that it is called with; see {@link ageHeaderMac}
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

/**
 * Computes the MAC of a header (age-encryption.org/v1, header MAC).
 *
 * @param backend - the primitives to use
 * @param fileKey - the file's key, 16 bytes
 * @param authenticated - the header's bytes up to and with `---`
 * @returns 32 bytes
 */
export function ageHeaderMac(
  backend: CryptoBackend,
  fileKey: Uint8Array,
  authenticated: Uint8Array,
): Uint8Array {
  const key = hkdf(backend, fileKey, new Uint8Array(0), utf8('header'), 32);
  return backend.hmacSha256(key, authenticated);
}

/**
 * Says whether a header is as it was written. Since the MAC's key comes from the file key, it also
 * shows that this is the one file key of the header: a stanza can be made that opens with two
 * keys, a MAC under both cannot.
 *
 * @param backend - the primitives to use
 * @param fileKey - the key that a stanza gave, 16 bytes
 * @param header - the header as it was read
 * @returns whether its MAC is right; nothing of the header may be acted upon otherwise
 */
export function isAuthenticHeader(
  backend: CryptoBackend,
  fileKey: Uint8Array,
  { authenticated, mac }: AgeHeader,
): boolean {
  return equalBytes(ageHeaderMac(backend, fileKey, authenticated), mac);
}
