export { acceptSocket } from './accept-socket.js';
export { formatAddress, peerOf } from './address.js';
export { TransportError, type TransportErrorCode } from './errors.js';
export { collectYoungMemoryFirst } from './garbage-collection.js';
export { memoryTransportPair } from './memory-transport.js';
export { PushbackTransport } from './pushback-transport.js';
export { connectTcp, type ConnectTcpOptions } from './tcp-connect.js';
export {
  listenForSockets,
  listenTcp,
  type ListenForSocketsOptions,
  type ListenTcpOptions,
  type TcpPlace,
} from './tcp-listen.js';
export type { Listener, Transport } from './transport.js';
