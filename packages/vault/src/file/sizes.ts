/** Lengths that the format of vault files fixes, in bytes (FORMAT.md, files). */
export const fileSizes = {
  vaultId: 16,
  entryId: 12,
  wrapKey: 32,
  identity: 32,
  signature: 64,
  digest: 32,
  /** What keeps the wraps of two files apart, the `r` of the format. */
  wrapSalt: 16,
  /** Content that one leaf of the tree hash covers. */
  leaf: 1_048_576,
} as const;

/** The largest epoch: stored names hold it in 16 bits. */
export const maximumEpoch = 65_535;
