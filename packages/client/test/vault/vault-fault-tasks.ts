import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@jest/globals';

import { makeFolder } from '../home/support.js';
import { collect } from '../support/collect.js';
import type { Task } from '../support/fault-run.js';
import type { FaultyPair } from '../support/faulty-pair.js';
import { makeOwnVault, type OwnVault } from './vault-lines.js';

const large = randomBytes(3 * 1024 * 1024 + 1);
const small = Array.from({ length: 8 }, (_, index) => randomBytes(500 + 100 * index));

/** What is done with files of a vault, which is opened anew by each run. */
export function vaultTasks(pair: () => FaultyPair): Readonly<Record<string, () => Promise<Task>>> {
  const begin = async (): Promise<OwnVault> => {
    const vault = await makeOwnVault(pair().identity);
    await vault.begin(pair().direct);
    return vault;
  };
  return {
    'a large upload into a vault': async () => {
      const vault = await begin();
      const source = join(await makeFolder(), 'source');
      await writeFile(source, large);
      await (await vault.open(pair().direct)).send(Buffer.from('older'), 'folder/x');
      return {
        run: async (client) => {
          await (await vault.open(client)).send(source, 'folder/x');
        },
        check: async (direct) => {
          const tree = await vault.open(direct);
          expect((await collect(tree.list('folder'))).map(({ path }) => path)).toEqual(['x']);
          expect((await tree.getBytes('folder/x')).equals(large)).toBe(true);
        },
      };
    },
    'a large download from a vault': async () => {
      const vault = await begin();
      await (await vault.open(pair().direct)).send(large, 'folder/x');
      const folder = await makeFolder();
      return {
        run: async (client) => {
          await (await vault.open(client)).get('folder/x', join(folder, 'x'));
        },
        check: async () => {
          expect(await readdir(folder)).toEqual(['x']);
          expect((await readFile(join(folder, 'x'))).equals(large)).toBe(true);
        },
      };
    },
    'small files of a vault, there and back': async () => {
      const vault = await begin();
      const folder = await makeFolder();
      return {
        run: async (client) => {
          const tree = await vault.open(client);
          await Promise.all(small.map((bytes, index) => tree.send(bytes, `a/b/${index}`)));
          await Promise.all(
            small.map((_, index) => tree.get(`a/b/${index}`, join(folder, `${index}`))),
          );
        },
        check: async (direct) => {
          const tree = await vault.open(direct);
          expect((await collect(tree.list('a', { recursive: true }))).length).toBe(9);
          for (const [index, bytes] of small.entries()) {
            expect((await tree.getBytes(`a/b/${index}`)).equals(bytes)).toBe(true);
            expect((await readFile(join(folder, `${index}`))).equals(bytes)).toBe(true);
          }
        },
      };
    },
  };
}
