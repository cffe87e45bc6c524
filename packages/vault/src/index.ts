export { VaultError, type VaultErrorCode } from './errors.js';
export { vaultLimits, vaultSizes } from './limits.js';
export { labels } from './labels.js';
export { encodeCard, makeCard, parseCard, requireCardOf, type Card } from './identity/card.js';
export { formatRecoveryCode, parseRecoveryCode } from './identity/recovery-code.js';
export { SealingIdentity } from './identity/sealing-identity.js';
export { formatInvitation, parseInvitation, type Invitation } from './vault/invitation.js';
export { keyringFolderName, keyringPath, parseKeyringName, vaultPath } from './vault/paths.js';
export { formatVaultId, homeVaultId, parseVaultId, vaultIdOf } from './vault/vault-id.js';
export { locateInVault, type VaultLocation } from './vault/vault-location.js';
export type { FormerWriter, Keyring, Member, Role } from './keyring/keyring.js';
export { KeyringChain, type ChainOrigin, type KeyringPin } from './keyring/keyring-chain.js';
export {
  makeFirstKeyring,
  makeNextKeyring,
  type KeyringChange,
  type NewVault,
} from './keyring/make-keyring.js';
export { judgeEpoch, mayWrite, memberOf, nameOf, roleOf, wasWriter } from './keyring/membership.js';
export { openKeyring, type OpenedKeyring } from './keyring/open-keyring.js';
export { VaultSecrets, type EpochKeys } from './keyring/vault-secrets.js';
export {
  openingAccess,
  sealingAccess,
  type FileAccess,
  type OpeningAccess,
  type SealingAccess,
} from './file/access.js';
export { StreamKey, streamSizes } from './file/age/stream.js';
export { hashLeaf, ContentHash } from './file/content-hash.js';
export { FileHeadReader, type FileHead, type StoredFile } from './file/file-head.js';
export type { FileKeys } from './file/file-keys.js';
export { FileOpener } from './file/file-opener.js';
export type { FileSealer, SealedPart } from './file/file-sealer.js';
export type { FileMetadata } from './file/metadata.js';
export { RangeOpener } from './file/range-opener.js';
export { SignatureOpener } from './file/signature-opener.js';
export { beginSealing, resumeSealing, type FileToSeal, type SourceState } from './file/sealing.js';
export { contentFileSize, storedFileSize } from './file/stored-size.js';
export {
  decodeUploadJournal,
  encodeUploadJournal,
  trimUploadJournal,
  type UploadJournal,
} from './file/upload-journal.js';
export {
  viewDirectory,
  type DamagedEntry,
  type DirectoryView,
  type ListedEntry,
  type StoredEntry,
} from './name/directory-view.js';
export { newEntryId, rootDirectory, type DirectoryIds } from './name/entry-id.js';
export {
  storedNameLength,
  VaultNames,
  type NameDamage,
  type OpenedName,
} from './name/vault-names.js';
