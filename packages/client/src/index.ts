export { Client, connect } from './client.js';
export type { Greeting } from './connection/connection.js';
export { defaultPort } from './connection/connector.js';
export { ClientError, UntrustedServerError, type ClientErrorCode } from './errors.js';
export {
  defaultTimeouts,
  type ConnectOptions,
  type GetOptions,
  type ListOptions,
  type OperationOptions,
  type Progress,
  type RangeOptions,
  type SendOptions,
  type Timeouts,
  type TransferOptions,
} from './options.js';
export type { LocalOverwrite } from './transfer/local-file.js';
export type { UploadSource } from './transfer/source.js';
export type { DownloadTarget } from './transfer/target.js';
