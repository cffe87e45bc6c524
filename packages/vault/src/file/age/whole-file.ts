import { concatBytes, wipe, type CryptoBackend } from '@e2eeftp/crypto';

import { VaultError } from '../../errors.js';
import { FileKey } from './file-key.js';
import type { AgeHeader, AgeStanza } from './header.js';
import { AgeHeaderReader } from './header-reader.js';
import { StreamOpener } from './stream-opener.js';
import { streamPlainSize, streamSizes } from './stream.js';

/**
 * Opens a small age file that is in memory as a whole.
 *
 * @param backend - the primitives to use
 * @param file - the file
 * @param fileKeyOf - finds the file's key, 16 bytes, in a stanza; nothing where the stanza is for others
 * @returns what is in it; wipe it after use when it is secret
 * @throws VaultError `malformed`, `unopenable`, `header-altered`, `size-impossible`,
 *   `chunk-altered`, `truncated`; what `fileKeyOf` throws
 */
export function openAgeFile(
  backend: CryptoBackend,
  file: Uint8Array,
  fileKeyOf: (stanza: AgeStanza) => Uint8Array | undefined,
): Uint8Array {
  const reader = new AgeHeaderReader(file.length);
  const nonceStart = reader.receive(file);
  const payloadStart = nonceStart + streamSizes.nonce;
  const { header } = reader;
  if (!header || file.length < payloadStart) {
    throw new VaultError('truncated', 'The file stops within its header; fetch it again');
  }
  const fileKey = findFileKey(backend, header, fileKeyOf);
  const key = fileKey.streamKey(file.subarray(nonceStart, payloadStart));
  fileKey.wipe();
  const payload = file.subarray(payloadStart);
  const opener = new StreamOpener({ key, plainSize: streamPlainSize(payload.length) });
  const chunks = Array.from(opener.receive(payload), ({ plaintext }) => plaintext);
  opener.finish();
  const plaintext = concatBytes(...chunks);
  wipe(...chunks);
  return plaintext;
}

/** The MAC is verified before anything else is done with the key. */
function findFileKey(
  backend: CryptoBackend,
  header: AgeHeader,
  fileKeyOf: (stanza: AgeStanza) => Uint8Array | undefined,
): FileKey {
  for (const stanza of header.stanzas) {
    const bytes = fileKeyOf(stanza);
    if (!bytes) continue;
    const fileKey = FileKey.take(backend, bytes);
    if (fileKey.isOf(header)) return fileKey;
    fileKey.wipe();
    throw new VaultError(
      'header-altered',
      'The header of this file was altered or damaged where it is stored. Fetch it again, or ask whoever made it',
    );
  }
  throw new VaultError(
    'unopenable',
    'This file is sealed to others only; ask whoever made it to seal it to you too',
  );
}
