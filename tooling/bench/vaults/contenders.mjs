// Who stores files that the server cannot read, and e2eeftp's plain files as what that costs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { startE2eeftp } from '../servers/e2eeftp.mjs';
import { opensshMissing, startOpenssh } from '../servers/openssh.mjs';
import { runClient } from '../servers/processes.mjs';

/** In the order in which they take turns. */
export const contenders = {
  'e2eeftp plain': { missing: () => undefined, start: (folder) => start(folder, 'plain:') },
  'e2eeftp vault': { missing: () => undefined, start: (folder) => start(folder, 'home:') },
  'rclone crypt': { missing: rcloneMissing, start: startRclone },
};

async function start(folder, tree) {
  const { client, stop } = await startE2eeftp(folder);
  return {
    send: (path) => client('send', path, tree),
    get: (name, into) => client('get', `${tree}${name}`, `${into}/`),
    list: (name) => client('ls', `${tree}${name}`),
    remove: (name) => client('rm', '-r', `${tree}${name}`),
    stop,
  };
}

function rcloneMissing() {
  try {
    execFileSync('rclone', ['version'], { stdio: 'ignore' });
    return opensshMissing();
  } catch {
    return 'rclone is not installed';
  }
}

/** As it comes, but for more transfers at once, which is faster for it here. */
const transfers = '16';

async function startRclone(folder) {
  const { port, key, stored, stop } = await startOpenssh(folder);
  const config = join(folder, 'rclone.conf');
  const password = execFileSync('rclone', ['obscure', 'password of a benchmark']);
  const store = join(stored, 'crypt');
  mkdirSync(store);
  writeFileSync(
    config,
    `[box]\ntype = sftp\nhost = 127.0.0.1\nport = ${port}\nuser = root\nkey_file = ${key}\n` +
      `shell_type = none\ndisable_hashcheck = true\n` +
      `[crypt]\ntype = crypt\nremote = box:${store}\npassword = ${password.toString().trim()}\n`,
  );
  const rclone = (...args) => runClient('rclone', ['--config', config, '-q', ...args]);
  const copy = (...args) => rclone('copy', '--transfers', transfers, ...args);
  return {
    send: (path) => copy(path, `crypt:${basename(path)}`),
    get: (name, into) => copy(`crypt:${name}`, join(into, name)),
    list: (name) => rclone('lsf', `crypt:${name}`),
    remove: (name) => rclone('purge', `crypt:${name}`),
    stop,
  };
}
