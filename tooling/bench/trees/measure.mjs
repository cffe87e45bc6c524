// Trees are compared before a time counts.
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

import { contenders } from './contenders.mjs';
import { makeTree, treeDigest } from './tree.mjs';

/** Sends and gets the tree with each contender in turn. */
export async function measureTrees({ directory, shape, rounds }) {
  const tree = join(directory, 'tree');
  const digest = makeTree(tree, shape);
  const seconds = {};
  const missing = {};
  const servers = {};
  try {
    for (const [name, { missing: reason, start }] of Object.entries(contenders)) {
      if (reason()) {
        missing[name] = reason();
        continue;
      }
      servers[name] = await start(join(directory, name.replace(' ', '-')));
      seconds[name] = { up: [], down: [] };
    }
    for (let round = 0; round < rounds; round++) {
      for (const [name, server] of Object.entries(servers)) {
        const { up, down } = await sendAndGet(server, directory, tree, digest);
        seconds[name].up.push(up);
        seconds[name].down.push(down);
      }
    }
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
  return { seconds, missing };
}

async function sendAndGet(server, directory, tree, digest) {
  const stored = join(server.stored, basename(tree));
  const back = join(directory, 'back');
  mkdirSync(back);
  const up = await server.send(tree);
  if (treeDigest(stored) !== digest) throw new Error(`${stored} is not what was sent`);
  const down = await server.get(basename(tree), back);
  if (treeDigest(join(back, basename(tree))) !== digest)
    throw new Error('Something else came back');
  for (const path of [stored, back]) rmSync(path, { recursive: true });
  return { up, down };
}
