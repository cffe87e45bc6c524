/** What separates the uses of one key or hash from each other (FORMAT.md). */
export const labels = {
  sealingIdentity: 'e2eeftp sealing identity v1',
  home: 'e2eeftp home v1',
  vault: 'e2eeftp vault',
  recovery: 'e2eeftp recovery v1',
  card: 'e2eeftp card v1',
  keyring: 'e2eeftp keyring v1',
  names: 'e2eeftp vault names v1',
  files: 'e2eeftp vault files v1',
  fileKey: 'e2eeftp file key v1',
  metadata: 'e2eeftp metadata v1',
  commit: 'e2eeftp commit v1',
  file: 'e2eeftp file v1',
  fileStanza: 'e2eeftp.vault/1',
  metadataStanza: 'e2eeftp.meta/1',
  upload: 'e2eeftp upload v1',
} as const;
