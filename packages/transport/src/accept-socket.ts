import type { Socket } from 'node:net';

import { readIntoReusedBuffer } from './accepted-socket.js';
import { TcpTransport } from './tcp-transport.js';
import type { Transport } from './transport.js';

/**
 * Makes a transport of a connection that was accepted elsewhere, such as by another process.
 *
 * @param accepted - a connected socket that nothing was read from yet; it is taken over
 * @returns the transport, which the caller owns
 */
export function acceptSocket(accepted: Socket): Transport {
  const { socket, receiver } = readIntoReusedBuffer(accepted);
  const transport = new TcpTransport(socket, receiver);
  if (!receiver) socket.resume();
  return transport;
}
