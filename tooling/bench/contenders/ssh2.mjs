// ssh2-sftp-client, the usual way to speak SFTP in Node, with OpenSSH's server.
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { opensshMissing, startOpenssh } from '../servers/openssh.mjs';

const program = fileURLToPath(new URL('programs/ssh2-sftp-client.mjs', import.meta.url));

/** @type {import('./index.mjs').Contender} */
export const ssh2SftpClient = {
  missing: opensshMissing,
  async start(folder, options) {
    const { port, user, key, stored, pids, stop } = await startOpenssh(folder, options);
    const node = (...args) => ({
      command: process.execPath,
      args: [program, String(port), user, key, ...args],
    });
    return {
      pids,
      stored: (name) => join(stored, name),
      put: (source) => node('put', source, join(stored, basename(source))),
      get: (name, into) => node('get', join(stored, name), join(into, name)),
      remove: (name) => rm(join(stored, name), { recursive: true }),
      stop,
    };
  },
};
