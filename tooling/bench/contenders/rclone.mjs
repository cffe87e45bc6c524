// rclone over OpenSSH's server: as it is, and with contents and names that the server cannot read.
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { programMissing } from './program-missing.mjs';
import { opensshMissing, startOpenssh } from '../servers/openssh.mjs';

/** As it comes, but for more transfers at once, which is faster for it than its four. */
const transfers = '16';

/** @returns {import('./index.mjs').Contender} */
function rcloneTo(remote) {
  return {
    missing: () => opensshMissing() ?? programMissing('rclone'),
    async start(folder, options) {
      const server = await startOpenssh(folder, options);
      const store = join(server.stored, remote);
      mkdirSync(store);
      const config = join(folder, 'rclone.conf');
      writeFileSync(config, configuration(server, store));
      const rclone = (...args) => ({
        command: 'rclone',
        args: ['--config', config, '-q', ...args],
      });
      // A folder's contents go where it says; a file goes into it.
      const to = (source) => `${remote}:${statSync(source).isDirectory() ? basename(source) : ''}`;
      const copy = (...args) => rclone('copy', '--transfers', transfers, ...args);
      return {
        pids: server.pids,
        ...(remote === 'files' && { stored: (name) => join(store, name) }),
        put: (source) => copy(source, to(source)),
        get: (name, into, isTree) => copy(`${remote}:${name}`, isTree ? join(into, name) : into),
        list: (name) => rclone('lsf', `${remote}:${name}`),
        remove: () => emptied(store),
        stop: server.stop,
      };
    },
  };
}

function configuration({ port, user, key }, store) {
  const password = execFileSync('rclone', ['obscure', 'password of a benchmark']);
  return [
    '[box]\ntype = sftp\nhost = 127.0.0.1',
    `port = ${port}\nuser = ${user}\nkey_file = ${key}`,
    'shell_type = none\ndisable_hashcheck = true',
    `[files]\ntype = alias\nremote = box:${store}`,
    `[crypt]\ntype = crypt\nremote = box:${store}\npassword = ${password.toString().trim()}\n`,
  ].join('\n');
}

async function emptied(folder) {
  await rm(folder, { recursive: true });
  mkdirSync(folder);
}

export const rclone = rcloneTo('files');
export const rcloneCrypt = rcloneTo('crypt');
