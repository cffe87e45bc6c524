import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { authorizedClientsName, parseAuthorizedClients } from '@e2eeftp/server';

import { codeOf, findingsAbout, type Finding } from './finding.js';

const about = findingsAbout('authorized clients');

/**
 * @param directory - the data directory
 * @returns what is to be said of those who may come in, with each line that lets nobody in
 */
export async function checkClients(directory: string): Promise<readonly Finding[]> {
  const file = join(directory, authorizedClientsName);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [nobody];
    return [about.wrong(`${file} cannot be read (${code}); give it to the server's user`)];
  }
  const { clients, invalid } = parseAuthorizedClients(text);
  const expired = clients.filter(({ expires = Infinity }) => Date.now() >= expires).length;
  const valid = clients.length - expired;
  const found = valid === 0 ? nobody : about.ok(`${valid} may come in`);
  return [
    ...invalid.map(({ line, reason }) => ({ ...about.wrong(reason), file, line })),
    ...(expired > 0 ? [about.warning(`the keys of ${expired} have expired`)] : []),
    found,
  ];
}

const nobody = about.warning('nobody may come in; add a client with `e2eeftp-server authorize`');
