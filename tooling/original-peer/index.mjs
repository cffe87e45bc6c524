export { handshakeHello, OriginalClient } from './client.mjs';
export {
  derive,
  newIdentity,
  openPayload,
  parseHello,
  payloadLength,
  sealPayload,
} from './crypto.mjs';
export { OriginalPeerError } from './error.mjs';
export { renameCommand, statCommand } from './owner-commands.mjs';
export { startOriginalServer } from './server.mjs';
