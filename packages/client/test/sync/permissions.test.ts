import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { builtinCommands, CommandError, type Command } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';

import { sendTree, syncDown, syncUp, type Client, type SyncOutcome } from '../../src/index.js';
import { setLocalPermissions } from '../../src/sync/permissions.js';
import { failureOf, makeFolder } from '../home/support.js';
import { startPair, writeTree } from '../tree/support.js';

const kept = { preserveMode: true };

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o7777).toString(8);
}

async function remoteModeOf(client: Client, path: string): Promise<string | undefined> {
  return (await client.stat(path)).mode?.toString(8);
}

/** What a server can do, with something that is done before one of its commands. */
function commandsWith(name: string, before: (args: object) => void): Command[] {
  return builtinCommands.map((command) => ({
    ...command,
    run: async (args, context) => {
      if (command.name === name) before(args as object);
      return command.run(args, context);
    },
  }));
}

describe.each([{ onDisk: true }, { onDisk: false }])(
  'where only permissions differ, with a store %j',
  ({ onDisk }) => {
    test('a sync brings them up, and nothing else', async () => {
      const { client } = await startPair({ onDisk });
      const folder = await makeFolder();
      await writeTree(folder, { run: '#!', 'in/read': 'r', same: 's' });
      await syncUp(client, folder, 'received/t', kept);
      await chmod(join(folder, 'run'), 0o4755);
      await chmod(join(folder, 'in/read'), 0o440);
      const outcomes: SyncOutcome[] = [];
      const onOutcome = (outcome: SyncOutcome): void => void outcomes.push(outcome);

      const ignoring = await syncUp(client, folder, 'received/t');
      expect(ignoring).toMatchObject({ files: 0, permissions: 0, unchanged: 3 });
      const dry = await syncUp(client, folder, 'received/t', { ...kept, dryRun: true });
      expect(dry).toMatchObject({ files: 0, permissions: 2, unchanged: 1 });
      expect(await remoteModeOf(client, 'received/t/run')).toBe('644');

      const result = await syncUp(client, folder, 'received/t', { ...kept, onOutcome });
      expect(result).toMatchObject({ files: 0, bytes: 0, permissions: 2, unchanged: 1, failed: 0 });
      expect(outcomes.sort((a, b) => (a.remote < b.remote ? -1 : 1))).toEqual([
        {
          type: 'permissions',
          local: join(folder, 'in/read'),
          remote: 'received/t/in/read',
          mode: 0o440,
        },
        { type: 'permissions', local: join(folder, 'run'), remote: 'received/t/run', mode: 0o755 },
      ]);
      expect(await remoteModeOf(client, 'received/t/run')).toBe('755');
      // Its owner on the server has to be able to read and write it, which is no difference.
      expect(await remoteModeOf(client, 'received/t/in/read')).toBe('640');
      const again = await syncUp(client, folder, 'received/t', { ...kept, checksum: true });
      expect(again).toMatchObject({ files: 0, permissions: 0, unchanged: 3 });
    });

    test('a sync brings them down, and nothing else', async () => {
      const { client } = await startPair({ onDisk });
      const folder = await makeFolder();
      await client.send(Buffer.from('#!'), 'received/t/run', { mode: 0o755 });
      await client.send(Buffer.from('r'), 'received/t/in/read', { mode: 0o640 });
      await syncDown(client, 'received/t', folder, kept);
      await chmod(join(folder, 'run'), 0o600);
      const { ino } = await stat(join(folder, 'run'));
      const dry = await syncDown(client, 'received/t', folder, { ...kept, dryRun: true });
      expect(dry).toMatchObject({ files: 0, permissions: 1, unchanged: 1 });
      expect(await modeOf(join(folder, 'run'))).toBe('600');

      const result = await syncDown(client, 'received/t', folder, kept);
      expect(result).toMatchObject({ files: 0, permissions: 1, unchanged: 1, failed: 0 });
      expect(await modeOf(join(folder, 'run'))).toBe('755');
      expect(await modeOf(join(folder, 'in/read'))).toBe('640');
      expect((await stat(join(folder, 'run'))).ino).toBe(ino);
    });
  },
);

test('one file whose permissions cannot be changed does not stop the others', async () => {
  const commands = commandsWith('CHMOD', (args) => {
    if ('path' in args && args.path === 'received/t/a') throw new CommandError(403);
  });
  const { client } = await startPair({ commands });
  const folder = await makeFolder();
  await writeTree(folder, { a: 'a', b: 'b' });
  await syncUp(client, folder, 'received/t', kept);
  for (const name of ['a', 'b']) await chmod(join(folder, name), 0o755);
  const result = await syncUp(client, folder, 'received/t', kept);
  expect(result).toMatchObject({ files: 0, permissions: 1, unchanged: 0, failed: 1 });
  expect(result.failures).toMatchObject([
    { remote: 'received/t/a', error: { code: 'not-allowed' } },
  ]);
});

test('a symbolic link that has come into the place of a local file is not followed', async () => {
  const folder = await makeFolder();
  await writeTree(folder, { elsewhere: 'e' });
  await chmod(join(folder, 'elsewhere'), 0o600);
  await symlink('elsewhere', join(folder, 'link'));
  await expect(setLocalPermissions(join(folder, 'link'), 0o777)).rejects.toThrow('ELOOP');
  expect(await modeOf(join(folder, 'elsewhere'))).toBe('600');
});

/** A server that has never heard of permissions. */
async function startUnaware(): Promise<Client> {
  const commands = commandsWith('SEND', (args) => {
    if ('mode' in args) throw new CommandError(400);
  }).filter(({ name }) => name !== 'CHMOD');
  return (await startPair({ commands })).client;
}

describe('a server that keeps no permissions', () => {
  test('gets files without them, and whoever sends them can tell', async () => {
    const client = await startUnaware();
    expect(client.keepsPermissions).toBe(false);
    const folder = await makeFolder();
    await writeTree(folder, { run: '#!' });
    await chmod(join(folder, 'run'), 0o755);
    const sent = await sendTree(client, folder, 'received/t', kept);
    expect(sent).toMatchObject({ files: 1, failed: 0 });
    const synced = await syncUp(client, folder, 'received/t', kept);
    expect(synced).toMatchObject({ files: 0, permissions: 0, unchanged: 1, failed: 0 });
    await syncDown(client, 'received/t', join(folder, 'back'), kept);
    expect(await readFile(join(folder, 'back/run'), 'utf8')).toBe('#!');
  });

  test('is not asked for the very permissions that somebody wants', async () => {
    const client = await startUnaware();
    const failure = await failureOf(client.send(Buffer.from('x'), 'received/f', { mode: 0o640 }));
    expect(failure).toMatchObject({ code: 'bad-request' });
    expect(failure.message).toContain('permissions');
    expect((await failureOf(client.stat('received/f'))).code).toBe('not-found');
    expect((await failureOf(client.chmod('received/f', 0o640))).code).toBe('bad-request');
  });
});

test('the permissions of one file are changed, and of nothing else', async () => {
  const { client } = await startPair();
  expect(client.keepsPermissions).toBe(true);
  await client.send(Buffer.from('x'), 'received/f');
  expect(await client.chmod('received/f', 0o640)).toMatchObject({ size: 1, mode: 0o640 });
  for (const path of ['received/none', 'received']) {
    const { code } = await failureOf(client.chmod(path, 0o640));
    expect(code).toBe(path === 'received' ? 'not-allowed' : 'not-found');
  }
  expect((await failureOf(client.chmod('received/f', 0o4755))).code).toBe('bad-request');
  expect((await failureOf(client.chmod('../f', 0o755))).code).toBe('bad-name');
});
