/** Every bound of cards, keyrings, names and files (FORMAT.md). */
export const vaultLimits = {
  /** Bytes of a whole keyring; what the other bounds add up to fits. */
  keyring: 4_194_304,
  /** Bytes of a card. */
  card: 1536,
  /** Members of a vault. */
  members: 1000,
  /** Former writers that a keyring still knows. */
  former: 2000,
  /** Changes of a keyring. */
  sequence: 1_000_000,
  /** Epochs; each leaves a secret in every later keyring. */
  epoch: 10_000,
  /** Bytes of the name of a person or of a vault. */
  displayName: 64,
  /** Bytes of the name of a file or folder in a vault. */
  entryName: 144,
  /** Entries that one file can replace. */
  replaced: 4,
  /** The latest time of a file's content, in milliseconds since 1970: the latest that a `Date` holds. */
  mtime: 8.64e15,
  /** The permission bits that a file's mode can have. */
  mode: 0o7777,
  /** Bytes of what a journal notes of a source or of a run of the machine. */
  sourceState: 65_535,
} as const;

/** Lengths that never differ, in bytes. */
export const vaultSizes = {
  vaultId: 16,
  vaultRandom: 16,
  entryId: 12,
  identity: 32,
  signature: 64,
  digest: 32,
  recipient: 1216,
  epochSecret: 32,
  nameKey: 64,
  wrapKey: 32,
  /** What keeps the wraps of two files apart, the `r` of the format. */
  wrapSalt: 16,
  /** What stands for a file's key in the signed message. */
  commitment: 32,
  /** A file's metadata, before they are sealed. */
  metadata: 92,
  /** The header of a stored file, which does not depend on what is in the file. */
  fileHeader: 327,
  /** Content that one leaf of the tree hash covers. */
  leaf: 1_048_576,
} as const;
