import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { formatIdentity } from '@e2eeftp/crypto';
import { builtinCommands, defineCommand, MemoryStore, Server } from '@e2eeftp/server';
import { afterEach, expect, test } from '@jest/globals';

import { formatPublicKey, Identity } from '../../src/index.js';
import { makeFolder } from '../home/support.js';

const folders = 100;
const filesInEach = 10_000;
const count = folders * filesInEach;
const megabytes = 200;
const pageSize = 4000;

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const number = (value: number): string => String(value).padStart(7, '0');
const folderName = (index: number): string => `folder-${number(index)}`;
const fileName = (index: number): string => `file-${number(index)}-of-a-large-tree`;

/** The path of an entry of the listing: each folder, and then the files in it. */
function pathOf(index: number): string {
  const folder = folderName(Math.floor(index / (filesInEach + 1)));
  const file = index % (filesInEach + 1);
  return file === 0 ? folder : `${folder}/${fileName(file - 1)}`;
}

function indexOf(path: string): number {
  const [folder = '', file] = path.split('/');
  const inFolder = file === undefined ? 0 : Number(file.slice(5, 12)) + 1;
  return Number(folder.slice(7)) * (filesInEach + 1) + inFolder;
}

/** A process of its own, since what the test's server keeps is not the client's. */
const program = `
import { connect, getTree, loadIdentity, parsePublicKey, sendTree, syncDown, syncUp } from '${new URL('../../dist/index.js', import.meta.url).href}';
const [folder, port, key, operation] = process.argv.slice(1);
const identity = await loadIdentity(folder + '/client_id.key');
const client = await connect({ port: Number(port), identity, server: parsePublicKey(key) });
let most = 0;
const look = () => { most = Math.max(most, process.memoryUsage.rss()); };
const timer = setInterval(look, 10);
const dry = { dryRun: true, onOutcome: look };
const sync = { ...dry, delete: true, force: true };
const full = folder + '/full';
const empty = folder + '/empty';
const result = await {
  send: () => sendTree(client, full, 'received/x', dry),
  get: () => getTree(client, 'received', empty + '/new', dry),
  'sync up': () => syncUp(client, full, 'received', sync),
  'sync down': () => syncDown(client, 'received', full, sync),
  'remove there': () => syncUp(client, empty, 'received', sync),
  'sync into nothing': () => syncDown(client, 'received', empty, sync),
}[operation]();
clearInterval(timer);
await client.close();
console.log(JSON.stringify({ most: most / 1e6, entries: Math.max(result.files, result.removed ?? 0, result.unchanged ?? 0) }));
`;

/** Lists a million files that nobody has to store. */
const list = defineCommand({
  name: 'LIST',
  summary: 'Lists a large folder',
  args: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) => ({ value }),
    },
  },
  effect: 'read',
  handler: async (args) => {
    const { cursor } = args as { readonly cursor?: string };
    const start = cursor === undefined ? 0 : indexOf(cursor) + 1;
    const total = count + folders;
    const length = Math.min(pageSize, total - start);
    const entries = Array.from({ length }, (_, index) => {
      const path = pathOf(start + index);
      const type = path.includes('/') ? 'file' : 'directory';
      return { path, type, size: 0, mtime: 1_000_000_000_000, etag: 'etag' };
    });
    const isEnd = start + length >= total;
    const more = isEnd ? {} : { cursor: pathOf(start + length - 1) };
    return { status: 200, result: { entries, etag: 'etag', ...more } };
  },
});

test('a tree of a million names takes less than 200 MB, wherever it is', async () => {
  const folder = await makeFolder();
  const own = Identity.generate();
  await writeFile(join(folder, 'client_id.key'), formatIdentity(own), { mode: 0o600 });
  await mkdir(join(folder, 'full'));
  await mkdir(join(folder, 'empty'));
  for (let index = 0; index < folders; index++) {
    const path = join(folder, 'full', folderName(index));
    await mkdir(path);
    for (let start = 0; start < filesInEach; start += 1000) {
      const some = Array.from({ length: 1000 }, (_, file) => fileName(start + file));
      await Promise.all(some.map((name) => writeFile(join(path, name), '')));
    }
  }
  const store = new MemoryStore();
  const identity = Identity.generate();
  const server = new Server({
    identity,
    authorizer: {
      authorize: async (who) => ({ identity: who, name: undefined, access: 'rw' }),
    },
    store,
    commands: [...builtinCommands.filter(({ name }) => name !== 'LIST'), list],
  });
  await server.start({ port: 0 });
  closers.push(() => server.close());
  const key = formatPublicKey(identity.publicKey);
  const port = String(server.address.port);
  const peaks: Record<string, number> = {};
  for (const operation of [
    'send',
    'get',
    'sync up',
    'sync down',
    'remove there',
    'sync into nothing',
  ]) {
    const args = ['--input-type=module', '--eval', program, folder, port, key, operation];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { most, entries } = JSON.parse(stdout) as { most: number; entries: number };
    peaks[operation] = most;
    expect({ operation, entries }).toEqual({
      operation,
      entries: operation === 'remove there' ? count + folders : count,
    });
  }
  process.stdout.write(`Peaks in MB: ${JSON.stringify(peaks)}\n`);
  expect(Math.max(...Object.values(peaks))).toBeLessThan(megabytes);
}, 1_200_000);
