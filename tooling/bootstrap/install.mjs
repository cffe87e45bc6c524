import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { bootstrapDir, pnpmDir, run } from './process.mjs';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function pnpmIsInstalled() {
  const wanted = readJson(join(bootstrapDir, 'package.json')).dependencies.pnpm;
  try {
    return readJson(join(pnpmDir, 'package.json')).version === wanted;
  } catch {
    return false;
  }
}

function npmCommand() {
  const npmCli = process.env.npm_execpath;
  return npmCli !== undefined && /npm-cli\.c?js$/.test(npmCli)
    ? [process.execPath, npmCli]
    : ['npm'];
}

const NPM_OPTIONS = [
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
  // Without a network, say so within seconds.
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
];

const NETWORK_FAILURE =
  /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ERR_SOCKET_TIMEOUT|FetchError|META_FETCH/;

const UNREACHABLE =
  'The registry could not be reached: see to the network, the proxy, or the address that\n' +
  '"npm config get registry" names, and run the command again. Nothing else is needed.\n';

/**
 * Puts pnpm in place from the pinned lockfile, then the workspace's dependencies from theirs.
 * Where both are in place already, it uses no network.
 *
 * @returns {Promise<{code: number, output: string}>}
 */
export async function install() {
  if (!pnpmIsInstalled()) {
    const result = await run([...npmCommand(), 'ci', ...NPM_OPTIONS], {
      cwd: bootstrapDir,
      capture: true,
    });
    if (result.code !== 0) return explain(result, 'pnpm could not be installed by npm.');
  }
  const result = await run(
    [
      process.execPath,
      join(pnpmDir, 'bin', 'pnpm.cjs'),
      'install',
      '--frozen-lockfile',
      '--prefer-offline',
    ],
    { capture: true },
  );
  return result.code === 0
    ? result
    : explain(result, 'The dependencies could not be installed by pnpm.');
}

function explain({ code, output }, what) {
  const hint = NETWORK_FAILURE.test(output) ? UNREACHABLE : '';
  return { code, output: `${output}\n${what}\n${hint}` };
}
