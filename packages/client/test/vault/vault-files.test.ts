import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { newEntryId, rootDirectory, VaultNames } from '@e2eeftp/vault';
import { describe, expect, test } from '@jest/globals';

import type { VaultSession } from '../../src/vault/vault-session.js';
import { VaultTree } from '../../src/vault/vault-tree.js';
import { failureOf, makeFolder } from '../home/support.js';
import { collect } from '../support/collect.js';
import {
  beginVault,
  changeVault,
  openVault,
  startVaultServer,
  type Person,
  type VaultServer,
} from './support.js';

interface Member extends Person {
  readonly session: VaultSession;
  readonly tree: VaultTree;
}

interface Team {
  readonly server: VaultServer;
  readonly alice: Member;
  readonly bob: Member;
  readonly carol: Member;
}

/** A vault of Alice's, with Bob as a writer and Carol as a reader. */
async function makeTeam(): Promise<Team> {
  const server = await startVaultServer();
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((name) => server.person(name)),
  );
  if (!alice || !bob || !carol) throw new Error('Somebody is missing');
  const vault = await beginVault(alice, 'team');
  const firstOwner = alice.fingerprint;
  const open = async (person: Person): Promise<Member> => {
    const session = await openVault(person, vault, { firstOwner, label: 'team' });
    return { ...person, session, tree: new VaultTree(person.client, session) };
  };
  const owner = await open(alice);
  const add = [
    { card: bob.card, role: 'writer' as const },
    { card: carol.card, role: 'reader' as const },
  ];
  await changeVault(alice, owner.session, { add });
  await owner.session.refresh();
  return { server, alice: owner, bob: await open(bob), carol: await open(carol) };
}

async function namesOf(tree: VaultTree, path = ''): Promise<string[]> {
  return (await collect(tree.list(path))).map((entry) => entry.path);
}

async function textOf(tree: VaultTree, path: string): Promise<string> {
  return (await tree.getBytes(path)).toString();
}

/** The paths of what the server has in the root of a vault, but for the keyrings. */
async function storedIn({ session, client }: Member): Promise<string[]> {
  const entries = await collect(client.list(session.root));
  return entries
    .map(({ path }) => path)
    .filter((path) => path !== '.keyring')
    .map((path) => `${session.root}/${path}`);
}

async function onlyStored(member: Member): Promise<string> {
  const [path, ...others] = await storedIn(member);
  if (path === undefined || others.length > 0) throw new Error('There is not one file');
  return path;
}

describe('members of a vault', () => {
  test('see the same files, and only writers change them', async () => {
    const { alice, bob, carol } = await makeTeam();
    await alice.tree.send(Buffer.from('from alice'), 'docs/a');
    await bob.tree.send(Buffer.from('from bob'), 'docs/b');
    await bob.tree.send(Buffer.from('better'), 'docs/a');
    for (const { tree } of [alice, bob, carol]) {
      expect(await namesOf(tree, 'docs')).toEqual(['a', 'b']);
      expect(await textOf(tree, 'docs/a')).toBe('better');
    }
    for (const change of [
      carol.tree.send(Buffer.from('x'), 'docs/a'),
      carol.tree.mkdir('more'),
      carol.tree.remove('docs/a'),
      carol.tree.rename('docs/a', 'docs/c'),
    ]) {
      expect((await failureOf(change)).code).toBe('not-allowed');
    }
    expect((await failureOf(alice.tree.chmod('docs/a'))).code).toBe('bad-request');
  });

  test('leave nothing in clear on the server', async () => {
    const { alice } = await makeTeam();
    await alice.tree.send(Buffer.from('the secret content'), 'secret folder/secret name');
    const folder = await onlyStored(alice);
    const [file] = await collect(alice.client.list(folder));
    const everything = Buffer.concat([
      Buffer.from(`${folder}/${file?.path ?? ''}`),
      await alice.client.getBytes(`${folder}/${file?.path ?? ''}`),
    ]);
    expect(everything.includes('secret')).toBe(false);
    expect(file?.mode ?? 0o600).toBe(0o600);
  });

  test('go on when there are newer keyrings, and read what is of a newer epoch', async () => {
    const { alice, bob, carol } = await makeTeam();
    await bob.tree.send(Buffer.from('1'), 'x');
    await changeVault(alice, alice.session, { remove: [carol.identity.publicKey] });
    await bob.tree.send(Buffer.from('2'), 'x');
    await bob.tree.mkdir('folder');
    expect(bob.session.opened.keyring.epoch).toBe(2);
    // Alice has not looked for it yet.
    expect(alice.session.opened.keyring.epoch).toBe(1);
    expect(await namesOf(alice.tree)).toEqual(['folder', 'x']);
    expect(await textOf(alice.tree, 'x')).toBe('2');
    expect((await failureOf(carol.tree.getBytes('x'))).code).toBe('not-found');
    const large = randomBytes(3_000_000);
    await changeVault(alice, alice.session, { newEpoch: true });
    await bob.tree.send(large, 'y');
    await bob.tree.rename('x', 'folder/x');
    expect((await alice.tree.getBytes('y')).equals(large)).toBe(true);
    expect(await textOf(alice.tree, 'folder/x')).toBe('2');
  });

  test('believe who has become a writer since they looked', async () => {
    const { server, alice, bob } = await makeTeam();
    await namesOf(bob.tree);
    const dave = await server.person('dave');
    const add = [{ card: dave.card, role: 'writer' as const }];
    await changeVault(alice, alice.session, { add });
    const { vault } = alice.session.opened.keyring;
    const session = await openVault(dave, vault, { firstOwner: alice.fingerprint });
    const tree = new VaultTree(dave.client, session);
    await tree.send(Buffer.from('by dave'), 'x');
    expect(await textOf(bob.tree, 'x')).toBe('by dave');
    expect(await textOf(alice.tree, 'x')).toBe('by dave');
  });

  test('who write one name at once leave both files, which all see alike', async () => {
    const { alice, bob, carol } = await makeTeam();
    expect(await namesOf(alice.tree)).toEqual([]);
    expect(await namesOf(bob.tree)).toEqual([]);
    const mtime = Date.UTC(2030, 0, 31, 23, 59, 58);
    await Promise.all([
      alice.tree.send(Buffer.from('by alice'), 'x', { mtime }),
      bob.tree.send(Buffer.from('by bob'), 'x', { mtime }),
    ]);
    const names = await namesOf(carol.tree);
    const [, other = ''] = names;
    expect(names).toEqual(['x', expect.stringMatching(/^x \(conflict, (?:alice|bob), 2030/u)]);
    expect((await collect(carol.tree.list(''))).map(({ isConflict }) => isConflict)).toEqual([
      true,
      true,
    ]);
    const texts = [await textOf(carol.tree, 'x'), await textOf(carol.tree, other)];
    expect(texts.sort()).toEqual(['by alice', 'by bob']);
    for (const { tree } of [alice, bob]) expect(await namesOf(tree)).toEqual(names);
    // A new version keeps the plain name.
    for (let count = 0; count < 5; count++) {
      await bob.tree.send(Buffer.from(`version ${count}`), 'x');
      expect(await namesOf(carol.tree)).toEqual(names);
      expect(await textOf(carol.tree, 'x')).toBe(`version ${count}`);
    }
    await alice.tree.rename(other, 'y');
    expect(await namesOf(carol.tree)).toEqual(['x', 'y']);
  });

  test('find what others have put elsewhere', async () => {
    const { alice, bob } = await makeTeam();
    await alice.tree.send(Buffer.from('1'), 'a/b/x');
    expect(await textOf(bob.tree, 'a/b/x')).toBe('1');
    await alice.tree.rename('a', 'c');
    expect(await textOf(bob.tree, 'c/b/x')).toBe('1');
    expect((await failureOf(bob.tree.getBytes('a/b/x'))).code).toBe('not-found');
    await alice.tree.rename('c', 'a');
    await bob.tree.mkdir('a/b/d');
    expect(await namesOf(alice.tree, 'a/b')).toEqual(['d', 'x']);
    await alice.tree.remove('a', { recursive: true });
    await bob.tree.send(Buffer.from('2'), 'a/b/x');
    expect(await textOf(alice.tree, 'a/b/x')).toBe('2');
  });
});

test('a folder that is renamed while something is put into it stays one', async () => {
  const { alice, bob } = await makeTeam();
  const large = randomBytes(3_000_000);
  await alice.tree.mkdir('a/b');
  await namesOf(bob.tree, 'a/b');
  await alice.tree.rename('a', 'c');
  // Where it was is what Bob still knows.
  await Promise.all([
    bob.tree.send(Buffer.from('1'), 'a/b/x'),
    bob.tree.send(large, 'a/b/y'),
    bob.tree.mkdir('a/b/z'),
  ]);
  expect(await namesOf(alice.tree, 'a/b')).toEqual(['x', 'y', 'z']);
  expect(await namesOf(alice.tree, 'c')).toEqual(['b']);
  // Small files that go together are left to be sent alone, which finds the folder.
  const sources = join(await makeFolder(), 'source');
  await writeFile(sources, 'small');
  await namesOf(bob.tree, 'c/b');
  await alice.tree.rename('c/b', 'c/e');
  const files = Array.from({ length: 8 }, (_, index) => ({
    ...{ source: sources, path: `c/b/t${index}` },
  }));
  expect(await bob.tree.sendTogether(files)).toEqual(files.map(() => undefined));
  expect(await namesOf(alice.tree, 'c')).toEqual(['e']);
  let renaming: Promise<void> | undefined;
  await bob.tree.send(large, 'c/b/x', {
    onProgress: () => {
      renaming ??= alice.tree.rename('c', 'd');
    },
  });
  await renaming;
  const listed = await collect(alice.tree.list('', { recursive: true }));
  expect(listed.map(({ damaged }) => damaged)).toEqual(listed.map(() => undefined));
  const [at] = listed.filter(({ path }) => /^[cd]\/b\/x$/u.test(path));
  expect((await alice.tree.getBytes(at?.path ?? '')).equals(large)).toBe(true);
});

describe('a server that deceives', () => {
  test('cannot bring back what was replaced, the last four times', async () => {
    const { server, alice, bob } = await makeTeam();
    const versions: { path: string; bytes: Buffer }[] = [];
    for (let count = 0; count < 4; count++) {
      await alice.tree.send(Buffer.from(`version ${count}`), 'x');
      const path = await onlyStored(alice);
      versions.push({ path, bytes: await alice.client.getBytes(path) });
    }
    await bob.tree.send(Buffer.from('the last'), 'x');
    for (const { path, bytes } of versions) await server.put(path, bytes);
    expect((await storedIn(alice)).length).toBe(5);
    for (const { tree } of [alice, bob]) {
      expect(await namesOf(tree)).toEqual(['x']);
      expect(await textOf(tree, 'x')).toBe('the last');
    }
    await bob.tree.send(Buffer.from('later still'), 'x');
    expect(await textOf(alice.tree, 'x')).toBe('later still');
  });

  const leaf = 1_048_576;
  const content = randomBytes(2 * leaf + 500);
  const damages: [string, (bytes: Buffer) => Buffer][] = [
    ['header', (bytes) => flipped(bytes, 60)],
    ['nonce', (bytes) => flipped(bytes, 330)],
    ['first chunk', (bytes) => flipped(bytes, 400)],
    ['middle', (bytes) => flipped(bytes, leaf)],
    ['signature', (bytes) => flipped(bytes, bytes.length - 20)],
    ['length, shorter', (bytes) => bytes.subarray(0, -1)],
    ['length, by a chunk', (bytes) => bytes.subarray(0, bytes.length - 65_552)],
    ['length, longer', (bytes) => Buffer.concat([bytes, Buffer.alloc(100)])],
    ['length, nothing', () => Buffer.alloc(0)],
    [
      'chunks, swapped',
      (bytes) => {
        const other = Buffer.from(bytes);
        bytes.copy(other, 343, 343 + 65_552, 343 + 2 * 65_552);
        bytes.copy(other, 343 + 65_552, 343, 343 + 65_552);
        return other;
      },
    ],
  ];

  test.each(damages)('cannot change a file: its %s', async (_name, damage) => {
    const { server, alice } = await makeTeam();
    await alice.tree.send(content, 'x');
    const path = await onlyStored(alice);
    await server.put(path, damage(await alice.client.getBytes(path)));
    await namesOf(alice.tree);
    const folder = await makeFolder();
    const get = alice.tree.get('x', join(folder, 'x'));
    expect((await failureOf(get)).code).toBe('integrity');
    expect(await readdir(folder)).toEqual([]);
    expect((await failureOf(alice.tree.getBytes('x'))).code).toBe('integrity');
    const chunks: Uint8Array[] = [];
    const reading = async (): Promise<void> => {
      for await (const chunk of alice.tree.read('x')) chunks.push(Uint8Array.from(chunk));
    };
    expect((await failureOf(reading())).code).toBe('integrity');
    const given = Buffer.concat(chunks);
    expect(given.equals(content.subarray(0, given.length))).toBe(true);
    const stream = new Writable({
      write: (_part, _encoding, done) => {
        done();
      },
    });
    expect((await failureOf(alice.tree.get('x', stream))).code).toBe('integrity');
    // It can be sent again.
    await alice.tree.send(content, 'x');
    expect((await alice.tree.getBytes('x')).equals(content)).toBe(true);
  });

  test('cannot take one file for another', async () => {
    const { server, alice } = await makeTeam();
    await alice.tree.send(Buffer.from('one'), 'one');
    const one = await onlyStored(alice);
    await alice.tree.send(Buffer.from('two'), 'two');
    const two = (await storedIn(alice)).find((path) => path !== one) ?? '';
    const [first, second] = [await server.take(one), await server.take(two)];
    await server.put(one, second);
    await server.put(two, first);
    for (const name of ['one', 'two']) {
      expect((await failureOf(alice.tree.getBytes(name))).code).toBe('integrity');
      expect((await failureOf(alice.tree.stat(name))).code).toBe('integrity');
    }
  });

  test('shows what is damaged as that, and it can only be removed', async () => {
    const { server, alice, carol } = await makeTeam();
    const { session, tree } = alice;
    await tree.send(Buffer.from('x'), 'folder/x');
    const names = new VaultNames(session.opened);
    const elsewhere = names.seal([...rootDirectory, newEntryId()], newEntryId(), 'y');
    const spare = names.seal(rootDirectory, newEntryId(), 'file');
    await server.put(`${session.root}/${elsewhere}`, Buffer.from('1'));
    await server.put(`${session.root}/${elsewhere}x/inside`, Buffer.from('2'));
    await server.put(`${session.root}/AAAA`, Buffer.from('3'));
    await server.put(`${session.root}/${spare}`, Buffer.from('not a file of a vault'));
    for (const { tree: seen } of [alice, carol]) {
      const listed = await collect(seen.list('', { recursive: true }));
      const shown = listed.map(({ path, type, damaged }) => ({ path, type, damaged }));
      expect(shown.filter(({ damaged }) => damaged !== undefined).length).toBe(4);
      expect(shown).toContainEqual({
        path: 'AAAA (damaged)',
        type: 'file',
        damaged: 'no-stored-name',
      });
      expect(shown).toContainEqual({
        ...{ path: `${elsewhere} (damaged)`, type: 'file', damaged: 'not-sealed-here' },
      });
      expect(shown).toContainEqual({ path: 'file', type: 'file', damaged: 'size-impossible' });
      expect(shown).toContainEqual({ path: 'folder/x', type: 'file', damaged: undefined });
    }
    const folder = await makeFolder();
    for (const { path, damaged } of await collect(tree.list(''))) {
      if (damaged === undefined) continue;
      expect((await failureOf(tree.get(path, join(folder, 'x')))).code).toBe('integrity');
      await tree.remove(path, { recursive: true });
    }
    expect(await readdir(folder)).toEqual([]);
    expect(await namesOf(tree)).toEqual(['folder']);
    expect((await storedIn(alice)).length).toBe(1);
  });

  test('cannot make two of one entry', async () => {
    const { server, alice } = await makeTeam();
    await alice.tree.send(Buffer.from('x'), 'before');
    const before = await onlyStored(alice);
    const bytes = await alice.client.getBytes(before);
    await alice.tree.rename('before', 'after');
    await server.put(before, bytes);
    const listed = await collect(alice.tree.list(''));
    expect(listed.map(({ damaged }) => damaged)).toEqual(['duplicate-id', 'duplicate-id']);
  });

  test('cannot make a file equal to a local one', async () => {
    const { server, alice } = await makeTeam();
    const local = join(await makeFolder(), 'local');
    await writeFile(local, 'same size 1');
    await alice.tree.send(Buffer.from('same size 2'), 'x');
    expect(await alice.tree.hasContentOf('x', local)).toBe(false);
    await alice.tree.send(local, 'x');
    expect(await alice.tree.hasContentOf('x', local)).toBe(true);
    const path = await onlyStored(alice);
    await server.put(path, flipped(await server.take(path), 350));
    expect((await failureOf(alice.tree.hasContentOf('x', local))).code).toBe('integrity');
  });
});

test('what is said of a failure names no path of the server', async () => {
  const { alice } = await makeTeam();
  await alice.tree.send(Buffer.from('x'), 'folder/x');
  const failures = [
    alice.tree.remove('folder'),
    alice.tree.getBytes('folder/none'),
    alice.tree.send(Buffer.from('x'), 'folder'),
    alice.tree.getBytes('folder/x', { maxSize: 0 }),
  ].map(failureOf);
  for (const { message } of await Promise.all(failures)) {
    expect(message).not.toContain('vaults/');
    expect(message).toContain('folder');
  }
});

function flipped(bytes: Uint8Array, index: number): Buffer {
  const other = Buffer.from(bytes);
  other[index] = (other[index] as number) ^ 1;
  return other;
}
