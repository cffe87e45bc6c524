import type { Socket } from 'node:net';

/**
 * @param host - a name or an address
 * @param port - a port
 * @returns both as people write them, IPv6 addresses in brackets
 */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** How IPv4 addresses look to a socket that listens for both families (RFC 4291, section 2.5.5.2). */
const mappedPrefix = /^::ffff:(?=\d+\.)/iu;

/**
 * @param address - an address as a socket gives it
 * @returns the IPv4 address where it is one, as logs and filters know it
 */
function unmapAddress(address: string): string {
  return address.replace(mappedPrefix, '');
}

/**
 * @param socket - a connected socket
 * @returns where its other end is, as logs name it
 */
export function peerOf({ remoteAddress = 'unknown', remotePort = 0 }: Socket): string {
  return formatAddress(unmapAddress(remoteAddress), remotePort);
}
