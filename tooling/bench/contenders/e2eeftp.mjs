// e2eeftp's own programs: files that the server stores as they are, and files in a vault.
import { join } from 'node:path';

import { runCommand } from '../run/command.mjs';
import { startE2eeftp } from '../servers/e2eeftp.mjs';

/** @returns {import('./index.mjs').Contender} */
function into(tree, isReadable) {
  return {
    missing: () => undefined,
    async start(folder, options) {
      const { stored, client, pids, stop } = await startE2eeftp(folder, options);
      return {
        pids,
        ...(isReadable && { stored: (name) => join(stored, name) }),
        put: (source) => client('send', source, `${tree}:`),
        get: (name, folderHere) => client('get', `${tree}:${name}`, `${folderHere}/`),
        list: (name) => client('ls', `${tree}:${name}`),
        async remove(name) {
          await runCommand(client('rm', '-r', `${tree}:${name}`));
        },
        stop,
      };
    },
  };
}

export const e2eeftp = into('plain', true);
export const e2eeftpVault = into('home', false);
