export { decodeCbor } from './cbor/decode.js';
export { encodeCbor } from './cbor/encode.js';
export type { CborMap, CborValue } from './cbor/value.js';
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
  type BatchOutcome,
  type StoredFile,
} from './messages/commands.js';
export type { Entry } from './messages/entry.js';
export type { Access, BodyEnd, Close, Request, Response, Welcome } from './messages/messages.js';
export {
  baseName,
  compareNames,
  comparePaths,
  joinPath,
  parentPath,
  parsePath,
  parseRelativePath,
  rootPath,
  type RemotePath,
} from './path.js';
export { BodyChannel, type WholeBody } from './session/body-channel.js';
export { ClientSession, type ClientEvent, type ClientRequest } from './session/client-session.js';
export type { HandshakeFacts } from './session/secure-stream.js';
export type { DataFrame } from './session/frame-reader.js';
export { ServerSession, type ServerEvent, type ServerResponse } from './session/server-session.js';
export { statusTexts, type Status } from './status.js';
export { formatV1Answer, parseV1Answer, v1Texts, type V1Answer } from './v1/answer-line.js';
export { formatV1Command, parseV1Command, type V1Command } from './v1/command-line.js';
export { parseV1Length } from './v1/length.js';
export { V1LineReader, type V1Line } from './v1/line-reader.js';
export { v1Folder, v1Path } from './v1/name.js';
