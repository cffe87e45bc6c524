// Who sends and gets trees, each with a server in a folder of its own.
import { join } from 'node:path';

import { startE2eeftp } from '../servers/e2eeftp.mjs';
import { opensshMissing, startOpenssh } from '../servers/openssh.mjs';
import { runClient } from '../servers/processes.mjs';

/** In the order in which they take turns. */
export const contenders = {
  sftp: { missing: opensshMissing, start: startSftp },
  'e2eeftp durable': { missing: () => undefined, start: (folder) => start(folder, 'full') },
  'e2eeftp relaxed': { missing: () => undefined, start: (folder) => start(folder, 'relaxed') },
};

async function startSftp(folder) {
  const { port, key, stored, stop } = await startOpenssh(folder);
  const options = ['-q', '-b', '-', '-i', key, '-P', String(port)];
  const known = join(folder, 'known');
  const trust = ['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${known}`];
  const sftp = (input) => runClient('sftp', [...options, ...trust, '127.0.0.1'], { input });
  return {
    stored,
    send: (tree) => sftp(`cd ${stored}\nput -R ${tree} .\n`),
    get: (name, into) => sftp(`get -R ${join(stored, name)} ${into}\n`),
    stop,
  };
}

async function start(folder, durability) {
  const { stored, client, stop } = await startE2eeftp(folder, durability);
  return {
    stored,
    send: (tree) => client('send', tree, 'plain:'),
    get: (name, into) => client('get', `plain:${name}`, `${into}/`),
    stop,
  };
}
