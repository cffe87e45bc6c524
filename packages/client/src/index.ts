export {
  fingerprint,
  formatPublicKey,
  Identity,
  normalizeFingerprint,
  parseIdentity,
  parsePublicKey,
} from '@e2eeftp/crypto';
export {
  defaultHost,
  defaultPort,
  printable,
  type CommandResult,
  type Entry,
  type HandshakeFacts,
  type RemotePath,
  type StoredFile,
  type Welcome,
} from '@e2eeftp/protocol';
export { collectYoungMemoryFirst } from '@e2eeftp/transport';
export { Client } from './client.js';
export { connect } from './connect.js';
export type { Greeting } from './connection/greeting.js';
export type { Retry } from './connection/retry.js';
export { ClientError, UntrustedServerError, type ClientErrorCode } from './errors.js';
export { ClientHome } from './home/client-home.js';
export { ConfigurationFile, type Configuration } from './home/configuration-file.js';
export { defaultHomePath } from './home/home-path.js';
export {
  changePassphrase,
  hasPassphrase,
  loadIdentity,
  loadOrCreateIdentity,
  restoreIdentity,
  type IdentityFileOptions,
  type NewIdentityOptions,
} from './home/identity-file.js';
export { KeptKeyrings, type VaultOnServer } from './home/kept-keyrings.js';
export {
  KnownServersFile,
  standingOf,
  type KnownServer,
  type ServerStanding,
} from './home/known-servers-file.js';
export {
  formatServerAddress,
  parseServerAddress,
  type ServerAddress,
} from './home/server-address.js';
export { loadServerKey, trustKnownServer, type ServerVerifier } from './home/server-trust.js';
export { FileTransferJournal } from './home/transfer-journal.js';
export { VaultUploads, type KeptNotes, type VaultUploadKey } from './home/vault-uploads.js';
export {
  defaultConnections,
  defaultRetries,
  defaultTimeouts,
  type CloseOptions,
  type ConnectOptions,
  type GetBytesOptions,
  type GetOptions,
  type GetTogetherOptions,
  type FolderOptions,
  type KeyringOptions,
  type ListOptions,
  type MkdirOptions,
  type OperationOptions,
  type Progress,
  type RangeOptions,
  type RemoveOptions,
  type RenameOptions,
  type SendOptions,
  type SendTogetherOptions,
  type Timeouts,
  type TransferOptions,
} from './options.js';
export type { RemoteTree } from './remote-tree.js';
export {
  formatRemotePath,
  parseRemoteName,
  plainTree,
  usualTree,
  type RemoteName,
} from './remote-name.js';
export type {
  DownloadRecord,
  TransferJournal,
  TransferKey,
  UploadRecord,
} from './transfer/journal.js';
export { syncDown, syncUp } from './sync/sync.js';
export type { SyncOptions, SyncOutcome, SyncResult, SyncUpOptions } from './sync/sync-options.js';
export type { LocalOverwrite } from './transfer/local-file.js';
export type { RepeatableSource, UploadSource } from './transfer/source.js';
export type { SourceVersion } from './transfer/source-version.js';
export type { DownloadTarget } from './transfer/target.js';
export type { TogetherOutcome } from './transfer/together/batch.js';
export type { IncomingFile } from './transfer/together/batch-requests.js';
export type { ContentOutcome } from './transfer/together/get-contents.js';
export type { FileToGet } from './transfer/together/get-together.js';
export type { FileToSend } from './transfer/together/send-together.js';
export { getTree, type GetTreeOptions } from './tree/get-tree.js';
export { sendTree, sendTrees, type SendTreeOptions, type TreeSource } from './tree/send-tree.js';
export type { FilterOptions } from './tree/tree-filter.js';
export type {
  LinkPolicy,
  SkipReason,
  TreeFailure,
  TreeOptions,
  TreeOutcome,
  TreePlace,
  TreeProgress,
  TreeResult,
  TreeSize,
} from './tree/tree-transfer.js';
export {
  encodeCard,
  formatRecoveryCode,
  parseRecoveryCode,
  VaultError,
  type Card,
  type Role,
} from '@e2eeftp/vault';
export { KnownVaults, type KnownVault } from './home/known-vaults.js';
export { SeenEntries } from './home/seen-entries.js';
export type { FirstOwner } from './vault/keyring-walk.js';
export { VaultMembers, type AddOptions, type VaultMember } from './vault/vault-members.js';
export {
  VaultSession,
  type RefreshOptions,
  type VaultClient,
  type VaultToOpen,
} from './vault/vault-session.js';
export type { VaultInside, VaultSummary } from './vault/vault-summary.js';
export {
  Vaults,
  type JoinOptions,
  type LeaveOptions,
  type OpenOptions,
  type VaultsOptions,
} from './vault/vaults.js';
export { VaultTree, type VaultTreeOptions } from './vault/vault-tree.js';
export type { RekeyOptions, RekeyOutcome, RekeyResult } from './vault/rekey-vault.js';
export type { VerifyOptions, VerifyOutcome, VerifyResult } from './vault/verify-vault.js';
export type { KeyringSource } from './vault/keyring-files.js';
export type { OpenVault } from './vault/open-vault.js';
export type { VaultEntry } from './vault/vault-listing.js';
export { V1Client } from './v1/client.js';
export type { V1ClientOptions, V1GetOptions, V1SendOptions } from './v1/options.js';
