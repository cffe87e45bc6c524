import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { rootDirectory, VaultNames, vaultPath, type DirectoryIds } from '@e2eeftp/vault';
import { expect } from '@jest/globals';

import {
  ClientError,
  getTree,
  VaultTree,
  type ClientErrorCode,
  type Role,
  type TreeResult,
  type Vaults,
} from '../../src/index.js';
import type { VaultSession } from '../../src/vault/vault-session.js';
import { makeFolder } from '../home/support.js';
import { HostileServer } from '../support/hostile-server.js';
import { readTree } from '../tree/support.js';
import {
  closeAfterTest,
  makePerson,
  vaultsOf,
  type Person,
  type PersonOptions,
} from './support.js';

/** Somebody who belongs to the vault of a world. */
export interface Member extends Person {
  readonly vaults: Vaults;
  readonly session: VaultSession;
}

/** A hostile server, and a vault of Alice's on it, of which Bob is a member. */
export interface World {
  readonly server: HostileServer;
  readonly alice: Member;
  readonly bob: Member;
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /** The vault's folder on the server. */
  readonly root: string;
}

/** What each path has, as latin1. */
export type Contents = Readonly<Record<string, string>>;

/** Two people, of whom nobody has a vault yet. */
export async function startHostile(): Promise<{
  readonly server: HostileServer;
  readonly person: (name: string, options?: PersonOptions) => Promise<Person>;
}> {
  const server = await HostileServer.start();
  closeAfterTest(() => server.close());
  return { server, person: (name, options) => makePerson(server, name, options) };
}

/** A vault with these files, which Alice has sent. */
export async function makeWorld(files: Contents = {}, role: Role = 'writer'): Promise<World> {
  const { server, person } = await startHostile();
  const [alice, bob] = await Promise.all([person('alice'), person('bob')]);
  const [alices, bobs] = [vaultsOf(alice), vaultsOf(bob)];
  await bobs.publishCard();
  const session = await alices.create('team');
  await (await alices.members('team')).add(bob.fingerprint, role);
  await bobs.join(await alices.invitation('team'));
  const { vault } = session.opened.keyring;
  const world: World = {
    server,
    alice: { ...alice, vaults: alices, session },
    bob: { ...bob, vaults: bobs, session: await bobs.open('team') },
    vault,
    root: vaultPath(vault),
  };
  await write(world.alice, files);
  return world;
}

/** The vault as somebody sees it who has listed nothing of it yet. */
export function treeOf({ client, session }: Pick<Member, 'client' | 'session'>): VaultTree {
  return new VaultTree(client, session);
}

/** Sends files into the vault. */
export async function write(member: Member, files: Contents): Promise<void> {
  const tree = treeOf(member);
  for (const [path, content] of Object.entries(files)) {
    await tree.send(Buffer.from(content, 'latin1'), path);
  }
}

/** Where something of the vault is on the server's disk. */
export async function storedPath(
  { server, alice, root }: World,
  path: string,
  opened = alice.session.opened,
): Promise<string> {
  const names = new VaultNames(opened);
  let directory: DirectoryIds = rootDirectory;
  let stored = root;
  for (const wanted of path.split('/')) {
    let next: string | undefined;
    for (const name of await server.disk.names(stored)) {
      const entry = names.open(directory, name);
      if (entry.state !== 'opened' || entry.name !== wanted) continue;
      next = `${stored}/${name}`;
      directory = [...directory, entry.id];
      break;
    }
    if (next === undefined) throw new Error(`Nothing on the disk is ${path}`);
    stored = next;
  }
  return stored;
}

/** What becomes of each path: `received`, or the code of the error. */
export type Outcomes = Readonly<Record<string, 'received' | ClientErrorCode>>;

/**
 * Receives files in every way there is, with nothing listed before, and makes sure that all ways agree,
 * that errors name what they are about, and that nothing wrong gets a local name.
 *
 * @returns what became of each
 */
export async function outcomesOf(member: Member, files: Contents): Promise<Outcomes> {
  const folder = await mkdtemp(join(await makeFolder(), 'got-'));
  const outcomes: Record<string, 'received' | ClientErrorCode> = {};
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path.replaceAll('/', '_'));
    const got = await outcomeOf(path, async () => {
      await treeOf(member).get(path, target);
      return readFile(target);
    });
    const bytes = await outcomeOf(path, () => treeOf(member).getBytes(path));
    const read = await outcomeOf(path, async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of treeOf(member).read(path)) chunks.push(chunk.slice());
      return Buffer.concat(chunks);
    });
    expect([bytes, read]).toEqual([got, got]);
    outcomes[path] = got instanceof Buffer ? 'received' : (got as ClientErrorCode);
    if (got instanceof Buffer) expect(got.toString('latin1')).toBe(content);
    else expect(await namesIn(folder)).not.toContain(path.replaceAll('/', '_'));
  }
  return outcomes;
}

async function outcomeOf(
  path: string,
  receive: () => Promise<Buffer>,
): Promise<Buffer | ClientErrorCode> {
  try {
    return await receive();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    expect(error.message).toContain(path);
    return error.code;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => !name.includes('.part'));
}

/** A whole vault as it was received. */
export interface ReceivedTree {
  readonly result: TreeResult;
  /** What has got a local name. */
  readonly local: Readonly<Record<string, string | undefined>>;
}

/** Receives the whole vault into an empty folder. */
export async function receiveTree(member: Member): Promise<ReceivedTree> {
  const folder = join(await makeFolder(), 'tree');
  const result = await getTree(treeOf(member), '', folder);
  for (const { error } of result.failures) expect(error).toBeInstanceOf(ClientError);
  return { result, local: await readTree(folder) };
}

/** What is listed: the type of each path, or why it is damaged. */
export async function listed(member: Member): Promise<Record<string, string>> {
  const types: Record<string, string> = {};
  for await (const { path, type, damaged } of treeOf(member).list('', { recursive: true })) {
    types[damaged === undefined ? path : `(damaged) ${damaged}`] = damaged ?? type;
  }
  return types;
}
