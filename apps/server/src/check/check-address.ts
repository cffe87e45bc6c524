import { createServer } from 'node:net';

import { formatAddress } from '@e2eeftp/server';

import type { Address } from '../settings/kinds.js';
import { codeOf, findingsAbout, type Finding } from './finding.js';

const advice: ReadonlyMap<string, string> = new Map([
  [
    'EADDRINUSE',
    'another program uses it: stop that, or choose another; where it is systemd for the server, say LISTEN_FDS=1',
  ],
  ['EACCES', 'this user may not use it: choose a port above 1023'],
  ['EADDRNOTAVAIL', 'it is no address of this machine'],
  ['ENOTFOUND', 'the name has no address'],
  ['EAI_AGAIN', 'the name could not be looked up'],
]);

/** What {@link checkAddress} looks at. */
export interface AddressCheck {
  /** What the address is for, and the setting to change. */
  readonly subject: string;
  readonly address: Address;
  /** Whether the server runs already, and may be who uses the address. */
  readonly isServed: boolean;
  /** Whether systemd holds the address for the server. */
  readonly isActivated?: boolean;
}

/**
 * Looks whether somebody could listen at an address, by doing so for a moment.
 *
 * @param check - what to look at
 * @returns what was found
 */
export async function checkAddress(check: AddressCheck): Promise<Finding> {
  const { subject, address, isServed, isActivated = false } = check;
  const about = findingsAbout(subject);
  const shown = formatAddress(address.host, address.port);
  const code = await tryToListen(address);
  if (code === undefined) return about.ok(`${shown} is free`);
  if (code === 'EADDRINUSE' && isServed) {
    return about.ok(`${shown} is in use, and a server runs on the data directory`);
  }
  if (code === 'EADDRINUSE' && isActivated) {
    return about.ok(`${shown} is in use, by systemd as LISTEN_FDS says`);
  }
  return about.wrong(`${shown} cannot be used (${code}); ${advice.get(code) ?? 'choose another'}`);
}

/**
 * @param one - where to listen
 * @param other - where else
 * @returns whether the two would be in each other's way
 */
export function isSameAddress(one: Address, other: Address): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  return one.host === other.host || isAnyHost(one.host) || isAnyHost(other.host);
}

function isAnyHost(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}

function tryToListen({ host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      resolve(codeOf(error));
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}
