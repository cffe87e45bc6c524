export { decodeCbor, encodeCbor, type CborMap, type CborValue } from './codec.js';
export { defaultHost, defaultPort } from './default-address.js';
export { printable } from './display.js';
export { ProtocolError, type ProtocolErrorCode } from './errors.js';
export { limits } from './limits.js';
export {
  commandSchemas,
  listingCapacity,
  pathSchema,
  type CommandArguments,
  type CommandName,
  type CommandResult,
  type Entry,
  type StoredFile,
} from './messages/commands.js';
export type { Access, BodyEnd, Close, Request, Response, Welcome } from './messages/messages.js';
export {
  baseName,
  compareNames,
  comparePaths,
  joinPath,
  parentPath,
  parsePath,
  rootPath,
  type RemotePath,
} from './path.js';
export { BodyChannel, type WholeBody } from './session/body-channel.js';
export { ClientSession, type ClientEvent, type ClientRequest } from './session/client-session.js';
export type { HandshakeFacts } from './session/secure-stream.js';
export type { DataFrame } from './session/frame-reader.js';
export { ServerSession, type ServerEvent, type ServerResponse } from './session/server-session.js';
export { statusTexts, type Status } from './status.js';
