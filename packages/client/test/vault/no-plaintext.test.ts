import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { RecordingProxy, type Finding } from '@e2eeftp/testkit';
import { vaultSizes } from '@e2eeftp/vault';
import { expect, test } from '@jest/globals';

import {
  getTree,
  sendTree,
  syncDown,
  syncUp,
  VaultTree,
  type RemoteTree,
} from '../../src/index.js';
import { makeFolder } from '../home/support.js';
import { HostileServer } from '../support/hostile-server.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { readTree, withFolders, writeTree } from '../tree/support.js';
import { closeAfterTest, makePerson, vaultsOf } from './support.js';

expectNoUnhandledRejections();

/** Bytes that stand nowhere else in the world. */
const blockSize = 16;

/** What must not be seen: blocks of content, and names. */
class Secrets {
  readonly blocks = new Map<string, Buffer>();
  readonly names = new Map<string, Buffer>();

  get all(): Map<string, Buffer> {
    return new Map([...this.blocks, ...this.names]);
  }

  /** Content of which each block is new, and noted. */
  content(size: number): string {
    const content = randomBytes(size);
    for (let offset = 0; offset + blockSize <= size; offset += blockSize) {
      const block = content.subarray(offset, offset + blockSize);
      this.blocks.set(`block ${this.blocks.size}`, block);
    }
    return content.toString('latin1');
  }

  name(kind: string): string {
    const name = `${kind}-${randomBytes(6).toString('hex')}`;
    this.names.set(`name ${name}`, Buffer.from(name));
    return name;
  }
}

/** What two people do with a tree that both of them use; whether the disk is clean is asked after each step. */
async function session(
  [one, other]: readonly [RemoteTree, RemoteTree],
  root: string,
  secrets: Secrets,
  afterStep: () => Promise<void>,
): Promise<void> {
  const at = (path: string): string => (root === '' ? path : `${root}/${path}`);
  const folder = await makeFolder();
  const [letter, large, renamed, made, tree] = [
    secrets.name('letter'),
    secrets.name('large'),
    secrets.name('renamed'),
    secrets.name('folder'),
    secrets.name('tree'),
  ];
  const [first, second, much] = [
    secrets.content(400),
    secrets.content(400),
    secrets.content(80_000),
  ];
  const local = { [letter]: first, [large]: much };
  await writeTree(join(folder, 'source'), local);

  await one.send(join(folder, 'source', letter), at(letter));
  await one.send(join(folder, 'source', large), at(`${made}/${large}`));
  await one.send(Buffer.from(secrets.content(64)), at(secrets.name('from-memory')));
  await afterStep();
  expect((await other.getBytes(at(letter))).toString('latin1')).toBe(first);
  await other.get(at(`${made}/${large}`), join(folder, 'got'));
  const range = await other.getBytes(at(`${made}/${large}`), { offset: 70_000, length: 100 });
  expect(range.toString('latin1')).toBe(much.slice(70_000, 70_100));
  await afterStep();

  await other.send(Buffer.from(second, 'latin1'), at(letter));
  await other.rename(at(letter), at(`${made}/${renamed}`));
  await one.mkdir(at(`${made}/${secrets.name('empty')}`));
  expect((await one.getBytes(at(`${made}/${renamed}`))).toString('latin1')).toBe(second);
  await afterStep();

  const many: Record<string, string> = {};
  for (let index = 0; index < 20; index++) {
    many[`${secrets.name('deep')}/${secrets.name('small')}`] = secrets.content(48 + index);
  }
  await writeTree(join(folder, 'many'), many);
  await sendTree(one, join(folder, 'many'), at(tree));
  await getTree(other, at(tree), join(folder, 'received'));
  expect(await readTree(join(folder, 'received'))).toEqual(withFolders(many));
  await afterStep();

  await syncDown(other, at(tree), join(folder, 'mirror'));
  const added = { [secrets.name('added')]: secrets.content(200) };
  await writeTree(join(folder, 'mirror'), added);
  await syncUp(other, join(folder, 'mirror'), at(tree), { delete: true, checksum: true });
  await syncDown(one, at(tree), join(folder, 'received'), { delete: true });
  expect(await readTree(join(folder, 'received'))).toEqual(withFolders({ ...many, ...added }));
  await afterStep();

  const [some = ''] = Object.keys(many);
  await other.remove(at(`${tree}/${some}`));
  await one.remove(at(made), { recursive: true });
  const stay: string[] = [];
  for await (const { path } of one.list(root, { recursive: true })) stay.push(path);
  expect(stay.length).toBeGreaterThan(20);
  await afterStep();
}

async function start(): Promise<{ server: HostileServer; wire: RecordingProxy }> {
  const server = await HostileServer.start();
  closeAfterTest(() => server.close());
  const wire = await RecordingProxy.start({ port: server.port });
  closeAfterTest(() => wire.close());
  return { server, wire };
}

test('of what two people have in a vault, nothing is on the disk or on the wire', async () => {
  const { server, wire } = await start();
  const secrets = new Secrets();
  const via = { port: wire.port, publicKey: server.publicKey };
  const [alice, bob] = await Promise.all([makePerson(via, 'alice'), makePerson(via, 'bob')]);
  const [alices, bobs] = [vaultsOf(alice), vaultsOf(bob)];
  await bobs.publishCard();
  const called = secrets.name('team');
  const ofAlice = await alices.create(called);
  await (await alices.members(called)).add(bob.fingerprint, 'writer');
  await bobs.join(await alices.invitation(called), { alias: 'ours' });
  const ofBob = await bobs.open('ours');
  const trees = [
    new VaultTree(alice.client, ofAlice, { uploads: alice.home.vaultUploads }),
    new VaultTree(bob.client, ofBob, { uploads: bob.home.vaultUploads }),
  ] as const;
  const onDisk: Finding[] = [];
  await session(trees, '', secrets, async () => {
    onDisk.push(...(await server.disk.search(secrets.all)));
  });
  await (await alices.members(called)).remove('bob');
  await new VaultTree(alice.client, ofAlice).send(
    Buffer.from(secrets.content(100), 'latin1'),
    secrets.name('after'),
  );
  onDisk.push(...(await server.disk.search(secrets.all)));
  expect(onDisk).toEqual([]);
  expect(wire.search(secrets.all)).toEqual([]);

  expect(secrets.blocks.size).toBeGreaterThan(5000);
  expect(secrets.names.size).toBeGreaterThan(48);
  expect(wire.bytes('up')).toBeGreaterThan(90_000);
  expect(wire.bytes('down')).toBeGreaterThan(90_000);
  expect((await server.disk.read('server.log')).length).toBeGreaterThan(1000);
});

test('of what they have in the plain tree, the disk has everything, and the wire nothing', async () => {
  const { server, wire } = await start();
  const secrets = new Secrets();
  const via = { port: wire.port, publicKey: server.publicKey };
  const [alice, bob] = await Promise.all([makePerson(via, 'alice'), makePerson(via, 'bob')]);
  const seen = new Set<string>();
  await session([alice.client, bob.client], 'received', secrets, async () => {
    for (const { what } of await server.disk.search(secrets.all)) seen.add(what);
  });
  // What was there at some time when somebody looked: all, but what was replaced between two looks.
  const blocks = [...secrets.blocks.keys()].filter((what) => seen.has(what));
  expect(blocks.length).toBeGreaterThan(5000);
  expect([...secrets.names.keys()].filter((what) => !seen.has(what))).toEqual([]);
  expect(wire.search(secrets.all)).toEqual([]);
  expect(wire.bytes('up')).toBeGreaterThan(90_000);
});

test('of a file in a vault, the server learns neither permissions nor that another has its name', async () => {
  const { server, wire } = await start();
  const alice = await makePerson({ port: wire.port, publicKey: server.publicKey }, 'alice');
  const session = await vaultsOf(alice).open('home');
  const tree = new VaultTree(alice.client, session);
  const content = Buffer.alloc(5000, 1);
  for (const [index, mode] of [0o600, 0o755, 0o777, 0o644].entries()) {
    const path = `folder ${index}/name`;
    await tree.send(content, path, { mode });
    expect((await tree.stat(path)).mode).toBe(mode);
  }
  const stored = (await server.disk.files(session.root)).filter(
    (path) => !path.includes('.keyring'),
  );
  expect(stored).toHaveLength(4);
  const modes = await Promise.all(
    stored.map(async (path) => (await stat(server.disk.locate(path))).mode),
  );
  expect(new Set(modes).size).toBe(1);
  const names = stored.map((path) => path.slice(path.lastIndexOf('/') + 1));
  expect(new Set(names).size).toBe(4);
  const contents = await Promise.all(stored.map((path) => server.disk.read(path)));
  // Not one block of one is in another.
  const blocks = contents.map((bytes) => bytes.subarray(vaultSizes.fileHeader));
  for (const [index, bytes] of blocks.entries()) {
    for (let offset = 0; offset + blockSize <= bytes.length; offset += blockSize) {
      const block = bytes.subarray(offset, offset + blockSize);
      const others = blocks.filter((other, at) => at !== index && other.includes(block));
      expect(others).toEqual([]);
    }
  }
});
