import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  fingerprint,
  formatPublicKey,
  loadOrCreateIdentity,
  parseRecoveryCode,
} from '@e2eeftp/client';
import { builtinCommands } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';

import type { Finished, RunOptions } from './support/program.js';
import { Terminal } from './support/terminal.js';
import { jsonLines, makeWorld, type World } from './support/world.js';

// `script` of util-linux gives a program a terminal; elsewhere it is called in another way.
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

/** Somebody else who uses the same server, with a home of his own. */
class Friend {
  readonly world: World;
  readonly home: string;
  readonly fingerprint: string;

  private constructor(world: World, home: string, ownFingerprint: string) {
    this.world = world;
    this.home = home;
    this.fingerprint = ownFingerprint;
  }

  static async of(world: World, name: string): Promise<Friend> {
    const home = join(world.folder, name);
    const { identity } = await loadOrCreateIdentity(join(home, 'client_id.key'));
    world.authorized.add(formatPublicKey(identity.publicKey));
    for (const file of ['known_servers', 'config.toml']) {
      await copyFile(join(world.home, file), join(home, file));
    }
    return new Friend(world, home, fingerprint(identity.publicKey));
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.world.run(args, { ...options, env: { E2EEFTP_HOME: this.home } });
  }

  /** Runs something that has to succeed, and gives the last object of JSON. */
  async json(...args: string[]): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await this.run([...args, '--json']);
    expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: '' });
    return jsonLines(stdout).at(-1) ?? {};
  }
}

interface Team {
  readonly world: World;
  readonly bob: Friend;
  readonly invitation: string;
  readonly id: string;
}

/** A vault of the world's person, with Bob as a writer who has not joined it yet. */
async function makeTeam(): Promise<Team> {
  const world = await makeWorld();
  const bob = await Friend.of(world, 'bob');
  await bob.json('vault', 'card', '--name', 'bob');
  const made = await world.run(['vault', 'create', 'team', '--json']);
  const added = await world.run([
    'vault',
    'add',
    'team',
    bob.fingerprint,
    '--role=writer',
    '--json',
  ]);
  expect(added).toMatchObject({ exitCode: 0, stderr: '' });
  const { id } = jsonLines(made.stdout)[0] ?? {};
  const { invitation } = jsonLines(added.stdout)[0] ?? {};
  return { world, bob, id: String(id), invitation: String(invitation) };
}

describe('a vault of two', () => {
  test('is made, shared and used as a person would', async () => {
    const world = await makeWorld();
    const bob = await Friend.of(world, 'bob');
    const card = await bob.run(['vault', 'card', '--name', 'bob']);
    expect(card.stdout).toBe(`The server has your card: you are bob, ${bob.fingerprint}\n`);
    expect((await world.run(['vault', 'create', 'team'])).stdout).toContain('team:PATH');
    const add = await world.run(['vault', 'add', 'team', bob.fingerprint, '--role', 'writer']);
    expect(add.stdout).toBe(`Added bob (${bob.fingerprint}) as writer\n`);
    const [, invitation = ''] = /vault join (\S+)/u.exec(add.stderr) ?? [];
    expect((await world.run(['vault', 'invite', 'team'])).stdout).toBe(`${invitation}\n`);

    const joined = await bob.run(['vault', 'join', invitation]);
    expect(joined).toMatchObject({ exitCode: 0, stderr: '' });
    expect(joined.stdout).toBe('Joined the vault team as writer; its files are team:PATH\n');
    await world.write('plan.txt', 'our plan');
    const sent = await bob.run(['send', 'plan.txt', 'team:deep/plan.txt']);
    expect(sent.stderr).toContain('Sent plan.txt to team:deep/plan.txt');
    expect((await world.run(['get', 'team:deep/plan.txt', '-'])).stdout).toBe('our plan');
    expect((await world.run(['ls', '-R', 'team:'])).stdout).toBe('deep/\ndeep/plan.txt\n');
    expect((await world.run(['ls'])).stdout).toBe('');
    // The server knows neither names nor content.
    const stored = join(world.folder, 'data');
    const names = await readdir(stored, { recursive: true });
    expect(names.join('\n')).not.toMatch(/plan|deep|team/u);
    const search = await world.shell('! grep -r "our plan" ../data');
    expect(search.exitCode).toBe(0);

    const members = await world.run(['vault', 'members', 'team']);
    expect(members.stdout).toContain(`${bob.fingerprint}  writer  bob\n`);
    expect(members.stdout).toContain(' (you)\n');
    const list = await bob.run(['vault', 'list']);
    expect(list.stdout).toMatch(/^team {2}writer {2}2 members {2}[a-z2-7]{26}\n$/u);

    await world.run(['vault', 'role', 'team', 'bob', 'reader']);
    const refused = await bob.run(['send', 'plan.txt', 'team:other']);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain('ask an owner');
    expect((await world.run(['vault', 'remove', 'team', 'bob'])).exitCode).toBe(0);
    const gone = await bob.run(['get', 'team:deep/plan.txt', '-']);
    expect(gone).toMatchObject({ exitCode: 5, stdout: '' });
    const left = await bob.run(['vault', 'leave', 'team']);
    expect(left).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await bob.run(['vault', 'list'])).stdout).toBe('');
  }, 60_000);

  test('speaks JSON', async () => {
    const { world, bob, id, invitation } = await makeTeam();
    expect(await bob.json('vault', 'join', invitation, '--as', 'crew')).toEqual({
      type: 'vault',
      vault: 'crew',
      id,
      name: 'team',
      role: 'writer',
      members: 2,
      owners: 1,
      epoch: 1,
    });
    expect(await bob.json('vault', 'list')).toMatchObject({ type: 'vault', vault: 'crew', id });
    expect(await bob.json('vault', 'invite', 'crew')).toEqual({
      type: 'invitation',
      vault: 'crew',
      invitation,
    });
    const { stdout } = await bob.run(['vault', 'members', 'crew', '--json']);
    expect(jsonLines(stdout)).toContainEqual({
      type: 'member',
      vault: 'crew',
      fingerprint: bob.fingerprint,
      name: 'bob',
      role: 'writer',
      self: true,
    });
    await world.write('f', 'four');
    expect(await bob.json('mkdir', 'crew:a')).toEqual({ type: 'directory', path: 'crew:a' });
    const sent = jsonLines((await bob.run(['send', '--json', 'f', 'crew:a/'])).stdout);
    expect(sent).toContainEqual({ type: 'file', local: 'f', remote: 'crew:a/f', size: 4 });
    const role = await world.run(['vault', 'role', 'team', 'bob', 'owner', '--json']);
    expect(jsonLines(role.stdout)).toMatchObject([{ type: 'member-role', role: 'owner' }]);
    expect(await bob.json('vault', 'leave', 'crew', '--forget')).toEqual({
      type: 'vault-left',
      vault: 'crew',
      role: 'owner',
    });
    const removed = await world.run(['vault', 'remove', 'team', bob.fingerprint, '--json']);
    expect(jsonLines(removed.stdout)).toMatchObject([{ type: 'member-removed', name: 'bob' }]);
  }, 60_000);

  test('takes a card from a file where the server has none', async () => {
    const world = await makeWorld();
    const bob = await Friend.of(world, 'bob');
    await bob.json('vault', 'card', '--name', 'bob', '--output', 'bob.card');
    await rm(join(world.folder, 'data/.e2eeftp/cards'), { recursive: true, force: true });
    await world.run(['vault', 'create', 'team']);
    const eve = await Friend.of(world, 'eve');
    const add = (who: string): Promise<Finished> =>
      world.run(['vault', 'add', 'team', who, '--card', 'bob.card']);
    const wrong = await add(eve.fingerprint);
    expect(wrong.exitCode).toBe(7);
    expect(wrong.stderr).toContain(bob.fingerprint);
    expect((await add('bob')).exitCode).toBe(5);
    expect((await add(bob.fingerprint)).stdout).toContain('as reader');
    const none = await world.run(['vault', 'add', 'team', eve.fingerprint, '--card', 'none']);
    expect(none.exitCode).toBe(1);
  });

  test('is refused when the server shows an older state of it', async () => {
    const { world, bob, id, invitation } = await makeTeam();
    await bob.json('vault', 'join', invitation);
    const keyrings = join(world.folder, 'data/vaults', id, '.keyring');
    const second = await readFile(join(keyrings, '2'));
    await world.run(['vault', 'role', 'team', 'bob', 'reader']);
    expect((await bob.run(['ls', 'team:'])).exitCode).toBe(0);
    await rm(join(keyrings, '3'));
    const older = await bob.run(['ls', 'team:']);
    expect(older.exitCode).toBe(7);
    expect(older.stderr).toContain('older state');
    await writeFile(join(keyrings, '3'), second);
    expect((await bob.run(['send', '-', 'team:x'], { input: 'x' })).exitCode).not.toBe(0);
    const listed = await bob.run(['vault', 'list']);
    expect(listed.exitCode).not.toBe(0);
    expect(listed.stdout).toBe('');
  });
});

describe('vault', () => {
  test.each([
    [['vault']],
    [['vault', 'bogus']],
    [['vault', 'create']],
    [['vault', 'create', 'a', 'b']],
    [['vault', 'create', 'home']],
    [['vault', 'create', 'a:b']],
    [['vault', 'create', 'a', '--forget']],
    [['vault', 'add', 'home']],
    [['vault', 'role', 'home', 'bob', 'king']],
    [['vault', 'add', 'home', 'bob', '--role', 'king']],
    [['vault', 'join', 'nonsense']],
    [['vault', 'leave', 'home']],
    [['vault', 'list', '--v1']],
    [['vault', 'card', '--name', 'a/b']],
  ])('is not understood as %j', async (args) => {
    const world = await makeWorld();
    const { exitCode, stdout, stderr } = await world.run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/e2eeftp: .+\n$/u);
  });

  test('looks whether all that is in a vault is right, and writes it down for everybody', async () => {
    const world = await makeWorld();
    await world.write('tree/a.txt', 'the letter a');
    await world.write('tree/b/c.txt', 'the letter c');
    await world.run(['send', '-r', 'tree']);
    const first = await world.run(['vault', 'verify', 'home']);
    expect(first.stdout).toBe('Verified 2 files (24 B) by their names and heads\n');
    expect(first.stderr).toContain('The next time');
    const again = await world.run(['vault', 'verify', 'home', '--deep', '--json']);
    expect(jsonLines(again.stdout)).toEqual([
      {
        ...{ type: 'vault-verified', vault: 'home', deep: true },
        ...{ files: 2, bytes: 24, damaged: 0, missing: 0, compared: true },
      },
    ]);
    const exported = await world.run(['vault', 'export', 'home', 'copy']);
    expect(exported.exitCode).toBe(0);
    expect(exported.stderr).toContain('not encrypted');
    expect(await readFile(join(world.work, 'copy/tree/b/c.txt'), 'utf8')).toBe('the letter c');

    const data = join(world.folder, 'data');
    const names = await readdir(join(data, 'vaults'), { recursive: true, withFileTypes: true });
    const stored = names
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('.keyring'))
      .map(({ parentPath, name }) => join(parentPath, name));
    expect(stored).toHaveLength(2);
    const [one = '', other = ''] = stored;
    const content = await readFile(one);
    content[content.length - 1] = (content.at(-1) ?? 0) ^ 1;
    await writeFile(one, content);
    await rm(other);
    const quick = await world.run(['vault', 'verify', 'home']);
    expect(quick.exitCode).toBe(0);
    expect(quick.stdout).toMatch(
      /^Missing: home:tree\/\S+ \(.*withholds it\)\nVerified 1 file .*\n1 file is missing/u,
    );
    const deep = await world.run(['vault', 'verify', 'home', '--deep']);
    expect(deep.exitCode).toBe(7);
    expect(deep.stderr).toMatch(/tree\/\S+/u);
    expect(deep.stdout).toContain('1 entry is damaged');
  });

  test('of one name is made by one of several programs at once, and by no other', async () => {
    const world = await makeWorld();
    await world.run(['vault', 'card']);
    const programs = [1, 2, 3].map(() => world.run(['vault', 'create', 'team']));
    const codes = (await Promise.all(programs)).map(({ exitCode }) => exitCode);
    expect(codes.sort()).toEqual([0, 6, 6]);
    expect((await world.run(['vault', 'list'])).stdout).toMatch(/^team {2}owner [^\n]*\n$/u);
  });

  test('shows what to write down, of which one comes back', async () => {
    const world = await makeWorld();
    const { stdout, stderr } = await world.run(['vault', 'recovery']);
    const { identity } = await loadOrCreateIdentity(join(world.home, 'client_id.key'));
    expect(parseRecoveryCode(stdout).publicKey).toEqual(identity.publicKey);
    expect(stderr).toContain('paper');
  });

  test('needs a server that keeps vaults, and names the files that others do', async () => {
    const commands = builtinCommands.filter(({ name }) => name !== 'CARD');
    const world = await makeWorld({ commands });
    await world.write('f', 'f');
    for (const args of [['ls'], ['send', 'f'], ['get', 'team:f'], ['vault', 'list']]) {
      const { exitCode, stderr } = await world.run(args);
      expect([args, exitCode]).toEqual([args, 1]);
      expect(stderr).toContain('plain:');
    }
    expect((await world.run(['send', 'f', 'plain:'])).exitCode).toBe(0);
    expect((await world.run(['ls', 'plain:'])).stdout).toBe('f\n');
  });

  test('works in the shell, over its one connection', async () => {
    const { world } = await makeTeam();
    const lines = ['vault list', 'mkdir team:a', 'cd team:a', 'pwd', 'cd', 'pwd', 'ls team:'];
    const { exitCode, stdout } = await world.run(['shell'], { input: `${lines.join('\n')}\n` });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^team {2}owner.*\nteam:a\nteam:\na\/\n$/u);
  });
});

describeOnLinux('join at a terminal', () => {
  test('shows who began the vault, and asks', async () => {
    const { world, bob, id } = await makeTeam();
    const own = (await world.run(['id'])).stdout.split('\n')[1] ?? '';
    const env = { E2EEFTP_HOME: bob.home };
    const no = new Terminal(world, `vault join ${id}`, { env });
    await no.shows(own);
    await no.shows('Is it the right one?');
    no.type('n\r');
    expect((await no.end()).exitCode).toBe(4);
    expect((await bob.run(['ls', 'team:'])).exitCode).toBe(5);

    const yes = new Terminal(world, `vault join ${id}`, { env });
    await yes.shows('Is it the right one?');
    yes.type('y\r');
    expect((await yes.end()).exitCode).toBe(0);
    expect(yes.lines.join('\n')).toContain('Joined the vault team');
    expect((await bob.run(['ls', 'team:'])).exitCode).toBe(0);
  });

  test('asks nobody where nobody is, or where it is said beforehand', async () => {
    const { world, bob, id } = await makeTeam();
    const own = (await world.run(['id'])).stdout.split('\n')[1] ?? '';
    const silent = await bob.run(['vault', 'join', id]);
    expect(silent.exitCode).toBe(4);
    expect(silent.stderr).toContain(own);
    const wrong = await bob.run(['vault', 'join', id, '--fingerprint', bob.fingerprint]);
    expect(wrong.exitCode).toBe(7);
    const right = await bob.run(['vault', 'join', id, '--fingerprint', own.toLowerCase()]);
    expect(right.exitCode).toBe(0);
  });
});
