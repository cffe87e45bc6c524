export { fingerprint, Identity, parsePublicKey } from '@e2eeftp/crypto';
export {
  defaultPort,
  pathSchema,
  printable,
  type Access,
  type CborValue,
  type Entry,
  type RemotePath,
  type StoredFile,
} from '@e2eeftp/protocol';
export {
  collectYoungMemoryFirst,
  formatAddress,
  TransportError,
  type TransportErrorCode,
} from '@e2eeftp/transport';
export {
  parseAuthorizedClients,
  type AuthorizedClients,
  type InvalidLine,
} from './authorization/authorized-clients.js';
export {
  AuthorizedClientsFile,
  authorizedClientsName,
} from './authorization/authorized-clients-file.js';
export type { AuthorizedClient, Authorizer } from './authorization/authorizer.js';
export { CommandError, type Answer, type AnswerBody, type Transferred } from './command/answer.js';
export {
  defineCommand,
  type Command,
  type CommandContext,
  type CommandDefinition,
  type CommandEffect,
  type RequestBody,
  type V1FieldKind,
  type V1Form,
} from './command/command.js';
export { MemoryCards, type CardStore } from './cards/card-store.js';
export { FileCards } from './cards/file-cards.js';
export { builtinCommands } from './commands/builtin-commands.js';
export { joinSupervisor, type WorkerDuties, type WorkerPlace } from './cluster/join-supervisor.js';
export { Supervisor, type SupervisorOptions } from './cluster/supervisor.js';
export { DataDirectory, type DataDirectoryOptions } from './data-directory.js';
export { defaultServerLimits, type ServerLimits } from './limits.js';
export { silentLogger, type Logger } from './logger.js';
export type {
  AnsweredCommand,
  HandshakeOutcome,
  ServerObserver,
  StoredUpload,
} from './observer.js';
export type { AdmissionLimits, Refusal } from './admission/admission.js';
export { formatSize, parseSize } from './size.js';
export { Server, type ListenOptions, type ServerOptions } from './server.js';
export { ServerError, type ServerErrorCode } from './server-error.js';
export { FileHelloRecord } from './v1/file-hello-record.js';
export type { HelloRecord } from './v1/hello-record.js';
export type { V1Options } from './v1/v1-options.js';
export type { RequestPacing } from './admission/request-rates.js';
export type { FolderRoom, Leasing, StoreCoordination } from './store/coordination.js';
export { PathLocks, type PathLocking } from './store/path-locks.js';
export { FileStore } from './store/file-store.js';
export { MemoryStore } from './store/memory-store.js';
export { defaultStoreLimits, type StoreLimits } from './store/store-limits.js';
export type { Change, Claim, KeptUpload, Quota, Usage } from './store/usage/usage.js';
export { StoreError, type StoreErrorCode } from './store/store-error.js';
export type {
  ChangeOptions,
  CommitOptions,
  DeleteOptions,
  FindUploadOptions,
  ListOptions,
  OverwritePolicy,
  ResumableUpload,
  ResumePoint,
  UploadKey,
  Store,
  StoredFileReader,
  Upload,
  UploadOptions,
} from './store/store.js';
