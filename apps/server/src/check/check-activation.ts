import { createServer } from 'node:net';

import { formatAddress } from '@e2eeftp/server';

import { CommandFailure } from '../failure.js';
import { takeActivatedSocket } from '../service/activation.js';
import { codeOf, findingsAbout, type Finding } from './finding.js';

/** What is known of a port that systemd opens. */
export interface Activation {
  /** Whether the operator, or systemd itself, says that systemd holds the port for the server. */
  readonly isExpected: boolean;
  /** Of the socket that was handed over, if there is one: the server would use no other. */
  readonly finding: Finding | undefined;
}

/**
 * Looks whether systemd opens the port: it says so with `LISTEN_PID` and `LISTEN_FDS`, and an
 * operator who runs this by hand with `LISTEN_FDS` alone.
 *
 * @param environment - the process's variables, out of which those are taken
 * @param pid - the process
 * @returns what was found
 */
export async function checkActivation(
  environment: NodeJS.ProcessEnv,
  pid: number,
): Promise<Activation> {
  const { LISTEN_PID = '', LISTEN_FDS = '' } = environment;
  const isExpected = LISTEN_PID === '' && !['', '0'].includes(LISTEN_FDS);
  const about = findingsAbout('port');
  try {
    const descriptor = takeActivatedSocket(environment, pid);
    if (descriptor === undefined) return { isExpected, finding: undefined };
    const place = await listenedAt(descriptor);
    const finding =
      place === undefined
        ? about.wrong('what systemd hands over is no TCP socket: ListenStream= must name a port')
        : about.ok(`systemd hands over ${place}; host and port say nothing then`);
    return { isExpected: true, finding };
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return { isExpected: true, finding: about.wrong(error.message) };
  }
}

/** Nobody is accepted: the socket is closed before anybody is looked at. */
function listenedAt(descriptor: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (codeOf(error) === '') reject(error);
      else resolve(undefined);
    });
    try {
      server.listen({ fd: descriptor }, () => {
        const address = server.address();
        server.close();
        const isTcp = typeof address === 'object' && address !== null && address.port > 0;
        resolve(isTcp ? formatAddress(address.address, address.port) : undefined);
      });
    } catch {
      resolve(undefined);
    }
  });
}
