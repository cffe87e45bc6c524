export { TransportError, type TransportErrorCode } from './errors.js';
export { memoryTransportPair } from './memory-transport.js';
export { connectTcp, formatAddress, type ConnectTcpOptions } from './tcp-connect.js';
export { listenTcp, type ListenTcpOptions } from './tcp-listen.js';
export type { Listener, Transport } from './transport.js';
