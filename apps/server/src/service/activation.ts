import { CommandFailure } from '../failure.js';

/** Where systemd puts the first socket that it hands over (sd_listen_fds(3)). */
const firstDescriptor = 3;

/**
 * Finds the socket that systemd has opened for this process, so that the port can be one that only
 * root may open, and nobody is turned away while the server restarts.
 *
 * The variables are taken out of the environment, as sd_listen_fds(3) wants it: what this process
 * starts must not take them for its own.
 *
 * @param environment - the process's variables
 * @param pid - the process
 * @returns the socket's file descriptor, or `undefined` when there is none for this process
 * @throws CommandFailure when there are several
 */
export function takeActivatedSocket(
  environment: NodeJS.ProcessEnv,
  pid: number,
): number | undefined {
  const { LISTEN_PID, LISTEN_FDS } = environment;
  delete environment['LISTEN_PID'];
  delete environment['LISTEN_FDS'];
  delete environment['LISTEN_FDNAMES'];
  if (LISTEN_PID !== `${pid}` || LISTEN_FDS === undefined || LISTEN_FDS === '0') return undefined;
  if (LISTEN_FDS !== '1') {
    throw new CommandFailure(`systemd must hand over one socket, not ${LISTEN_FDS}`);
  }
  return firstDescriptor;
}
