import { Identity } from '@e2eeftp/crypto';

import { vaultSizes, type FileAccess } from '../../src/index.js';
import { AgeHeaderReader } from '../../src/file/age/header-reader.js';
import {
  openFileHeader,
  parseFileStanzas,
  sealFileHeader,
  type FileHeaderParts,
} from '../../src/file/file-header.js';
import { joined } from './bytes.js';
import { entry } from './files.js';

/** One that says to be somebody else, or signs what it likes. */
export class Impostor extends Identity {
  readonly #claimed: Uint8Array;
  readonly #signature: Uint8Array | undefined;

  constructor(seed: Uint8Array, claimed: Uint8Array, signature?: Uint8Array) {
    super(seed);
    this.#claimed = claimed;
    this.#signature = signature;
  }

  override get publicKey(): Uint8Array {
    return this.#claimed;
  }

  override sign(message: Uint8Array): Uint8Array {
    return this.#signature ?? super.sign(message);
  }
}

/**
 * Somebody's file under a header that says something else, and is authentic: what anybody can make
 * who has the keys of the epochs.
 */
export function rewritten(
  { backend, wrapKey }: FileAccess,
  stored: Uint8Array,
  changes: Partial<Omit<FileHeaderParts, 'wrapKey'>>,
): Uint8Array {
  const reader = new AgeHeaderReader(vaultSizes.fileHeader);
  reader.receive(stored);
  const { header } = reader;
  if (!header) throw new Error('no header');
  const stanzas = parseFileStanzas(header);
  const keyOf = (epoch: number): Uint8Array => wrapKey(epoch) ?? new Uint8Array(0);
  const opened = openFileHeader(backend, header, stanzas, keyOf(stanzas.epoch), entry);
  const { epoch, wrapSalt } = stanzas;
  const parts = { epoch, entry, wrapSalt, ...opened, ...changes };
  const made = sealFileHeader(backend, { ...parts, wrapKey: keyOf(parts.epoch) });
  return joined([made, stored.subarray(vaultSizes.fileHeader)]);
}
