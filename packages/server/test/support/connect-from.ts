import { once } from 'node:events';
import { connect } from 'node:net';

import { acceptSocket, type Transport } from '@e2eeftp/transport';

/**
 * Connects from one of the many addresses that a machine has for itself, so that a server sees
 * clients of different addresses.
 *
 * @param localAddress - such as 127.0.0.2, or ::1
 * @param port - where the server listens
 */
export async function connectFrom(localAddress: string, port: number): Promise<Transport> {
  const host = localAddress.includes(':') ? '::1' : '127.0.0.1';
  const socket = connect({ host, port, localAddress, allowHalfOpen: true });
  await once(socket, 'connect');
  return acceptSocket(socket);
}
