import { concatBytes, wipe, type CryptoBackend } from '@e2eeftp/crypto';

import { VaultError } from '../../errors.js';
import { FileKey } from './file-key.js';
import { AgeHeaderReader } from './header-reader.js';
import { StreamOpener } from './stream-opener.js';
import { streamPlainSize, streamSizes } from './stream.js';

/**
 * Opens a small age file that is in memory as a whole.
 *
 * @param backend - the primitives to use
 * @param file - the file
 * @param fileKeyOf - finds the file's key, 16 bytes, by its header; it also verifies the header's MAC
 * @returns what is in it; wipe it after use when it is secret
 * @throws VaultError `malformed`, `size-impossible`, `chunk-altered`, `truncated`; what `fileKeyOf`
 *   throws
 */
export async function openAgeFile(
  backend: CryptoBackend,
  file: Uint8Array,
  fileKeyOf: (header: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const reader = new AgeHeaderReader(file.length);
  const nonceStart = reader.receive(file);
  const payloadStart = nonceStart + streamSizes.nonce;
  if (!reader.header || file.length < payloadStart) {
    throw new VaultError('truncated', 'The file stops within its header; fetch it again');
  }
  const fileKey = FileKey.take(backend, await fileKeyOf(file.subarray(0, nonceStart)));
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
