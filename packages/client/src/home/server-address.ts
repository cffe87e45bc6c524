import { isIPv6 } from 'node:net';

import { defaultPort } from '@e2eeftp/protocol';

import { ClientError } from '../errors.js';

/** Where a server listens. */
export interface ServerAddress {
  /** A name or an address, without brackets. */
  readonly host: string;
  /** A TCP port. */
  readonly port: number;
}

const withBrackets = /^\[([^\]]*)\](?::(\d{1,5}))?$/u;
const plain = /^([^\s[\]:/@]+)(?::(\d{1,5}))?$/u;

/**
 * Reads an address as people write it: `HOST`, `HOST:PORT`, `::1`, `[::1]` or `[::1]:5001`.
 *
 * @param text - what a person gave
 * @returns the address, the host in lower case, the port 5001 when none is given
 * @throws ClientError `bad-configuration`
 */
export function parseServerAddress(text: string): ServerAddress {
  if (isIPv6(text)) return { host: text.toLowerCase(), port: defaultPort };
  const bracketed = withBrackets.exec(text);
  const [, host = '', digits] = bracketed ?? plain.exec(text) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === '' || (bracketed !== null && !isIPv6(host)) || !isPort(port)) {
    throw new ClientError(
      'bad-configuration',
      `"${text}" is no address of a server; expected HOST, HOST:PORT or [IPV6]:PORT`,
    );
  }
  return { host: host.toLowerCase(), port };
}

/**
 * @param address - where a server listens
 * @returns it as people write it, always with the port, IPv6 addresses in brackets
 */
export function formatServerAddress({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * @param value - anything
 * @returns whether it is a TCP port that a client can connect to
 */
export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
