// What comes back is compared before a time counts.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { makeFile } from '../source-file.mjs';
import { makeTree, treeDigest } from '../trees/tree.mjs';
import { contenders } from './contenders.mjs';

/** Sends, gets and lists with each contender in turn. */
export async function measureVaults({ directory, shape, rounds }) {
  const works = await makeWorks(directory, shape);
  const seconds = {};
  const missing = {};
  const servers = {};
  try {
    for (const [name, { missing: reasonFor, start }] of Object.entries(contenders)) {
      const reason = reasonFor();
      if (reason) missing[name] = reason;
      else servers[name] = await start(join(directory, name.replace(' ', '-')));
    }
    for (let round = 0; round < rounds; round++) {
      for (const work of works) {
        for (const [name, server] of Object.entries(servers)) {
          for (const [figure, time] of Object.entries(await measure(server, directory, work))) {
            ((seconds[figure] ??= {})[name] ??= []).push(time);
          }
        }
      }
    }
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
  return { seconds, missing };
}

/** A large file, many small ones, and a folder with many entries. */
async function makeWorks(directory, { bytes, files, folders, size }) {
  const path = (name) => join(directory, name);
  const oneFolder = (name) => mkdirSync(path(name));
  oneFolder('large');
  await makeFile(join(path('large'), 'file'), bytes);
  const many = { path: path('many'), digest: makeTree(path('many'), { files, folders, size }) };
  const wide = { files, folders: 1, size: 1 };
  return [
    { name: 'large file', path: path('large'), digest: treeDigest(path('large')) },
    { name: 'small files', ...many },
    {
      name: 'wide folder',
      path: path('wide'),
      digest: makeTree(path('wide'), wide),
      isListed: true,
    },
  ];
}

async function measure(server, directory, { name, path, digest, isListed = false }) {
  const folder = path.slice(directory.length + 1);
  const back = join(directory, 'back');
  const up = await server.send(path);
  const listed = isListed ? await server.list(join(folder, 'folder-0')) : undefined;
  mkdirSync(back);
  const down = await server.get(folder, back);
  if (treeDigest(join(back, folder)) !== digest)
    throw new Error(`${name}: something else came back`);
  rmSync(back, { recursive: true });
  await server.remove(folder);
  return isListed ? { [`${name} listed`]: listed } : { [`${name} up`]: up, [`${name} down`]: down };
}
