import type { Socket } from 'node:net';

import { readIntoReusedBuffer } from './accepted-socket.js';
import { TransportError } from './errors.js';
import { TcpTransport } from './tcp-transport.js';
import type { Transport } from './transport.js';

/**
 * Makes a transport of a connection that was accepted elsewhere, such as by another process.
 *
 * @param accepted - a connected socket that nothing was read from yet; it is taken over
 * @returns the transport, which the caller owns; it has failed when the socket is closed already
 */
export function acceptSocket(accepted: Socket): Transport {
  const { socket, receiver } = readIntoReusedBuffer(accepted);
  const transport = new TcpTransport(socket, { receiver });
  // No event will ever say so any more.
  if (socket.destroyed) transport.destroy(new TransportError('reset', 'The connection was closed'));
  if (!receiver) socket.resume();
  return transport;
}
