/** Every bound of cards, keyrings and names (FORMAT.md). */
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
} as const;
