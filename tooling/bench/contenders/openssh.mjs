// What people have with OpenSSH: scp and sftp, and rsync and tar through ssh.
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { programMissing } from './program-missing.mjs';
import { opensshMissing, startOpenssh } from '../servers/openssh.mjs';

/** A cipher that is faster where the processor has AES, for those who know of it. */
const fastCipher = 'aes128-gcm@openssh.com';

/**
 * @param {(server: object) => {put: Function, get: Function, list?: Function}} commandsFor what to
 *   type
 * @param {{cipher?: string, needs?: string}} [options] the cipher, when it is not the usual one, and
 *   the program that is used
 * @returns {import('./index.mjs').Contender}
 */
function through(commandsFor, { cipher, needs } = {}) {
  return {
    missing: () => opensshMissing() ?? (needs && programMissing(needs)),
    async start(folder, options) {
      const server = await startOpenssh(folder, options);
      const { stored, pids, stop } = server;
      if (cipher !== undefined) server.options.push('-c', cipher);
      return {
        pids,
        stored: (name) => join(stored, name),
        ...commandsFor(server),
        remove: (name) => rm(join(stored, name), { recursive: true }),
        stop,
      };
    },
  };
}

function scpCommands({ port, user, options, stored }) {
  const scp = (...args) => ({
    command: 'scp',
    args: ['-q', '-r', ...options, '-P', `${port}`, ...args],
  });
  const at = `${user}@127.0.0.1:${stored}`;
  return {
    put: (source) => scp(source, `${at}/`),
    get: (name, into) => scp(`${at}/${name}`, `${into}/`),
  };
}

function sftpCommands({ port, user, options, stored }) {
  const sftp = (input) => ({
    command: 'sftp',
    args: ['-q', '-b', '-', ...options, '-P', `${port}`, `${user}@127.0.0.1`],
    input,
  });
  return {
    put: (source) => sftp(`put -R ${source} ${stored}/\n`),
    get: (name, into) => sftp(`get -R ${join(stored, name)} ${into}/\n`),
    list: (name) => sftp(`ls -1 ${join(stored, name)}\n`),
  };
}

/** Through a shell of its own at the other end, which sftp and scp do without. */
const remoteShell = ({ port, options }) => ['ssh', ...options, '-p', `${port}`].join(' ');

function rsyncCommands(server) {
  const { user, stored } = server;
  // Without the comparison of contents, which is of no use when nothing is there.
  const rsync = (...args) => ({
    command: 'rsync',
    args: ['-r', '--whole-file', '-e', remoteShell(server), ...args],
  });
  const at = `${user}@127.0.0.1:${stored}`;
  return {
    put: (source) => rsync(source, `${at}/`),
    get: (name, into) => rsync(`${at}/${name}`, `${into}/`),
  };
}

function tarCommands(server) {
  const ssh = `${remoteShell(server)} ${server.user}@127.0.0.1`;
  const shell = (script, ...args) => ({
    command: 'bash',
    args: ['-o', 'pipefail', '-c', script, 'bash', ...args],
  });
  return {
    put: (source) =>
      shell(
        `tar -cf - -C "$1" "$2" | ${ssh} tar -xf - -C ${server.stored}`,
        join(source, '..'),
        basename(source),
      ),
    get: (name, into) =>
      shell(`${ssh} tar -cf - -C ${server.stored} ${name} | tar -xf - -C "$1"`, into),
  };
}

export const scp = through(scpCommands);
export const scpFast = through(scpCommands, { cipher: fastCipher });
export const sftp = through(sftpCommands);
export const sftpFast = through(sftpCommands, { cipher: fastCipher });
export const rsync = through(rsyncCommands, { needs: 'rsync' });
export const tar = through(tarCommands);
