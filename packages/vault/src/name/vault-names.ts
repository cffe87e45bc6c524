import {
  concatBytes,
  CryptoError,
  defaultBackend,
  equalBytes,
  utf8,
  type AesSivKey,
  type CryptoBackend,
} from '@e2eeftp/crypto';
import { base64urlnopad } from '@scure/base';

import { VaultError } from '../errors.js';
import type { Keyring } from '../keyring/keyring.js';
import { judgeEpoch } from '../keyring/membership.js';
import type { OpenedKeyring } from '../keyring/open-keyring.js';
import type { EpochKeys } from '../keyring/vault-secrets.js';
import { vaultLimits, vaultSizes } from '../limits.js';
import { isRootId, type DirectoryIds } from './entry-id.js';
import { isEntryName, requireEntryName } from './entry-name.js';

/**
 * Why a stored name shows no entry.
 *
 * - `no-stored-name`: nobody who keeps to the format wrote it.
 * - `unknown-epoch`: there is no such epoch yet; a newer keyring may have it.
 * - `too-old`: former members could have forged it since.
 * - `not-sealed-here`: it was altered, or belongs to another folder or vault.
 * - `bad-name`: a member sealed what is no name.
 * - `bad-id`: a member sealed the id of the root or of a folder above.
 */
export type NameDamage =
  'no-stored-name' | 'unknown-epoch' | 'too-old' | 'not-sealed-here' | 'bad-name' | 'bad-id';

/** What a stored name turns out to be. */
export type OpenedName =
  | {
      readonly state: 'opened';
      /** The entry's id, 12 bytes. */
      readonly id: Uint8Array;
      readonly name: string;
      /** The epoch that the name was sealed in. */
      readonly epoch: number;
    }
  | { readonly state: 'damaged'; readonly reason: NameDamage };

const epochLength = 2;
const sivLength = 16;
const blockLength = 16;
const longestPlaintext = paddedLength(vaultLimits.entryName);

/** A replaced or dropped character would be another name. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Says how long a stored name is, which a server can see: it grows in steps, as names are padded.
 *
 * @param name - a name in a vault
 * @returns characters of what is stored for it
 * @throws VaultError `bad-name`, `name-too-long`
 */
export function storedNameLength(name: string): number {
  requireEntryName(name);
  const bytes = epochLength + sivLength + paddedLength(utf8(name).length);
  return Math.ceil((bytes * 4) / 3);
}

/** Turns the names of a vault's entries into stored names and back (FORMAT.md, names). */
export class VaultNames {
  readonly #opened: Pick<OpenedKeyring, 'keyring' | 'secrets'>;
  readonly #backend: CryptoBackend;
  readonly #keys = new Map<number, AesSivKey>();

  /**
   * @param opened - the keyring in force and its secrets, which stay the caller's
   * @param backend - the primitives to use
   */
  constructor(
    opened: Pick<OpenedKeyring, 'keyring' | 'secrets'>,
    backend: CryptoBackend = defaultBackend,
  ) {
    this.#opened = opened;
    this.#backend = backend;
  }

  /** The keyring in force. */
  get keyring(): Keyring {
    return this.#opened.keyring;
  }

  /**
   * Seals a name in the epoch that is in force.
   *
   * @param directory - where the entry is
   * @param id - the entry's id, from `newEntryId`
   * @param name - the entry's name
   * @returns one component of a path on the server
   * @throws VaultError `bad-name`, `name-too-long`; `misuse` for an id that no entry can have
   */
  seal(directory: DirectoryIds, id: Uint8Array, name: string): string {
    requireEntryName(name);
    if (id.length !== vaultSizes.entryId || !isFreeId(directory, id)) {
      throw new VaultError('misuse', 'An entry’s id is 12 bytes of its own; take a new one');
    }
    const { secrets } = this.#opened;
    const keys = secrets.keysOf(secrets.epoch);
    const text = utf8(name);
    const padded = new Uint8Array(paddedLength(text.length));
    padded.set(id);
    padded.set(text, id.length);
    const sealed = this.#keyOf(keys).seal(this.#place(directory), padded);
    return base64urlnopad.encode(concatBytes(encodeEpoch(keys.epoch), sealed));
  }

  /**
   * Opens a stored name. It never throws for what a server or member wrote: one damaged name must
   * not keep a whole folder from being listed.
   *
   * @param directory - where the server shows it
   * @param stored - one component of a path on the server
   * @returns the entry, or why there is none
   */
  open(directory: DirectoryIds, stored: string): OpenedName {
    const bytes = decodeStored(stored);
    if (!bytes) return damaged('no-stored-name');
    const epoch = ((bytes[0] as number) << 8) | (bytes[1] as number);
    const verdict = judgeEpoch(this.#opened.keyring, epoch);
    if (verdict === 'unknown') return damaged('unknown-epoch');
    if (verdict === 'too-old') return damaged('too-old');
    const keys = this.#opened.secrets.keysOf(epoch);
    const plaintext = this.#decrypt(keys, directory, bytes.subarray(epochLength));
    if (!plaintext) return damaged('not-sealed-here');
    const id = plaintext.slice(0, vaultSizes.entryId);
    if (!isFreeId(directory, id)) return damaged('bad-id');
    const name = decodeName(plaintext.subarray(vaultSizes.entryId));
    if (name === undefined || !isEntryName(name)) return damaged('bad-name');
    return { state: 'opened', id, name, epoch };
  }

  #decrypt(keys: EpochKeys, directory: DirectoryIds, sealed: Uint8Array): Uint8Array | undefined {
    try {
      return this.#keyOf(keys).open(this.#place(directory), sealed);
    } catch (error) {
      if (error instanceof CryptoError) return undefined;
      throw error;
    }
  }

  #keyOf({ epoch, nameKey }: EpochKeys): AesSivKey {
    const known = this.#keys.get(epoch);
    if (known) return known;
    const key = this.#backend.aesSiv(nameKey);
    this.#keys.set(epoch, key);
    return key;
  }

  /** What a name is bound to. */
  #place(directory: DirectoryIds): readonly Uint8Array[] {
    return [this.#opened.keyring.vault, directory.at(-1) ?? directory[0]];
  }
}

/** An entry with the id of a folder above would lead around in a circle. */
function isFreeId(directory: DirectoryIds, id: Uint8Array): boolean {
  return !isRootId(id) && !directory.some((ancestor) => equalBytes(ancestor, id));
}

function paddedLength(nameLength: number): number {
  return Math.ceil((vaultSizes.entryId + nameLength) / blockLength) * blockLength;
}

function encodeEpoch(epoch: number): Uint8Array {
  return Uint8Array.of(epoch >> 8, epoch & 0xff);
}

/**
 * Only the one spelling, which is all that the library takes, so that no entry is listed twice; only
 * lengths that names lead to.
 */
function decodeStored(stored: string): Uint8Array | undefined {
  let bytes: Uint8Array;
  try {
    bytes = base64urlnopad.decode(stored);
  } catch {
    return undefined;
  }
  const plaintextLength = bytes.length - epochLength - sivLength;
  const fits = plaintextLength >= blockLength && plaintextLength <= longestPlaintext;
  return fits && plaintextLength % blockLength === 0 ? bytes : undefined;
}

/** The padding must be what {@link VaultNames.seal} writes: less than a block, and zeros only. */
function decodeName(padded: Uint8Array): string | undefined {
  const end = padded.indexOf(0);
  const length = end === -1 ? padded.length : end;
  if (padded.length - length >= blockLength) return undefined;
  for (let index = length; index < padded.length; index++) {
    if (padded[index] !== 0) return undefined;
  }
  try {
    return decoder.decode(padded.subarray(0, length));
  } catch {
    return undefined;
  }
}

function damaged(reason: NameDamage): OpenedName {
  return { state: 'damaged', reason };
}
