import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { fingerprint, formatPublicKey, Identity } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import { jsonLines, makeWorld, World } from './support/world.js';

const other = Identity.generate().publicKey;
const another = Identity.generate().publicKey;

function pathOf(world: World): string {
  return join(world.home, 'known_servers');
}

function knownServers(world: World): Promise<string> {
  return readFile(pathOf(world), 'utf8').catch(() => '(none)');
}

function keyOf(world: World): string {
  return formatPublicKey(world.identity.publicKey);
}

describe('trust list', () => {
  test('shows addresses, fingerprints and profiles, aligned', async () => {
    const world = await makeWorld();
    const text = `# mine\nfiles.example.org:5001 ${formatPublicKey(other)}\n`;
    await writeFile(pathOf(world), `${text}${world.address} ${keyOf(world)}\n`);
    const { exitCode, stdout } = await world.run(['trust', 'list']);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        `files.example.org:5001  ${fingerprint(other)}`,
        `${world.address.padEnd(22)}  ${world.fingerprint}  default`,
        '',
      ].join('\n'),
    );
    const json = await world.run(['trust', 'list', '--json']);
    expect(jsonLines(json.stdout)).toEqual([
      {
        type: 'known-server',
        server: 'files.example.org:5001',
        fingerprint: fingerprint(other),
        key: formatPublicKey(other),
        profiles: [],
      },
      {
        type: 'known-server',
        server: world.address,
        fingerprint: world.fingerprint,
        key: keyOf(world),
        profiles: ['default'],
      },
    ]);
  });

  test('says so when there is nothing', async () => {
    const world = await World.create();
    const { exitCode, stdout, stderr } = await world.run(['trust', 'list']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toContain('No server is known yet');
  });
});

describe('trust add', () => {
  test('takes a key in every form, and a file, without asking the server', async () => {
    const world = await World.create();
    await world.server.close();
    await world.write('server.pub', keyOf(world));
    const line = await world.shell(
      'ssh-keygen -q -t ed25519 -N "" -C "some comment" -f ssh && cut -d " " -f 1,2 ssh.pub',
    );
    const ssh = line.stdout.trim().split(' ');
    for (const [host, ...key] of [
      ['a', keyOf(world)],
      ['b:7', 'server.pub'],
      ['[::1]:8', 'ssh.pub'],
      ['d', ...ssh],
      ['e', ssh.join(' ')],
    ] as const) {
      const { exitCode, stderr } = await world.run(['trust', 'add', host, ...key]);
      expect({ host, exitCode, stderr }).toEqual({ host, exitCode: 0, stderr: '' });
    }
    const lines = (await knownServers(world)).split('\n');
    expect(lines.slice(0, 2)).toEqual([`a:5001 ${keyOf(world)}`, `b:7 ${keyOf(world)}`]);
    expect(lines[2]).toMatch(/^\[::1\]:8 [A-Za-z0-9+/]{43}=$/u);
    expect(lines[3]?.split(' ')[1]).toBe(lines[4]?.split(' ')[1]);
    expect(lines).toHaveLength(6);
  });

  test('asks the server for its key, and compares the fingerprint', async () => {
    const world = await World.create({ authorized: false });
    const wrong = ['--fingerprint', 'AAAAA-AAAAA-AAAAA-AAAAA'];
    const refused = await world.run(['trust', 'add', world.address, ...wrong]);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain(world.fingerprint);
    const nobody = await world.run(['trust', 'add', world.address]);
    expect(nobody.exitCode).toBe(4);
    expect(nobody.stderr).toContain('is not known yet');
    expect(await knownServers(world)).toBe('(none)');
    // Whether the server knows the user does not matter, and it does not learn who asks.
    const right = ['--fingerprint', world.fingerprint, '--identity', 'no-such-file'];
    const added = await world.run(['trust', 'add', world.address, ...right, '--json']);
    expect(added.exitCode).toBe(0);
    expect(jsonLines(added.stdout)).toEqual([
      {
        type: 'trusted',
        server: world.address,
        fingerprint: world.fingerprint,
        key: keyOf(world),
        isNew: true,
      },
    ]);
    const again = await world.run(['trust', 'add', world.address, '--json']);
    expect(jsonLines(again.stdout)).toMatchObject([{ type: 'trusted', isNew: false }]);
    expect(await knownServers(world)).toBe(`${world.address} ${keyOf(world)}\n`);
  });

  test('compares a fingerprint with a key that is given, too', async () => {
    const world = await World.create();
    const key = ['trust', 'add', 'a', keyOf(world), '--fingerprint'];
    expect((await world.run([...key, fingerprint(other)])).exitCode).toBe(2);
    expect((await world.run([...key, 'nonsense'])).exitCode).toBe(2);
    expect(await knownServers(world)).toBe('(none)');
    expect((await world.run([...key, world.fingerprint])).exitCode).toBe(0);
  });

  test.each([
    ['the key', (world: World) => [keyOf(world)]],
    ['the fingerprint', (world: World) => ['--fingerprint', world.fingerprint]],
    ['nothing', () => []],
  ])('never replaces a key, whatever is said: %s', async (_, more) => {
    const world = await makeWorld();
    const text = `# mine\n${world.address} ${formatPublicKey(other)}\n`;
    await writeFile(pathOf(world), text);
    const env = { E2EEFTP_YES: '1' };
    const { exitCode, stderr } = await world.run(
      ['trust', 'add', world.address, ...more(world), '--quiet'],
      { env },
    );
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/HAS CHANGED|IS KNOWN BY ANOTHER KEY/u);
    expect(stderr).toContain(fingerprint(other));
    expect(stderr).toContain(world.fingerprint);
    expect(stderr).toContain(`e2eeftp trust remove ${world.address}`);
    expect(await knownServers(world)).toBe(text);
    expect((await world.run(['trust', 'add', world.address, '--yes'])).exitCode).toBe(2);
  });

  test('fails where there is no server, no key, or no address', async () => {
    const world = await World.create();
    await world.server.close();
    await world.write('not-a-key', 'nonsense');
    expect((await world.run(['trust', 'add', world.address])).exitCode).toBe(3);
    expect((await world.run(['trust', 'add', 'a', 'missing'])).exitCode).toBe(1);
    expect((await world.run(['trust', 'add', 'a', 'not-a-key'])).exitCode).toBe(2);
    expect((await world.run(['trust', 'add', 'a:b:c', keyOf(world)])).exitCode).toBe(2);
    expect(await knownServers(world)).toBe('(none)');
  });
});

describe('trust remove', () => {
  test('forgets one server, and leaves everything else as it was', async () => {
    const world = await makeWorld();
    const before = [
      '# the office\r',
      `OFFICE:5001 ${formatPublicKey(other)}\r`,
      '',
      `${world.address} ${keyOf(world)}`,
      '  # while the key is being replaced',
      `${world.address} ${formatPublicKey(another)}`,
      `office:5002 ${formatPublicKey(other)}`,
    ];
    await writeFile(pathOf(world), before.join('\n'));
    const removed = await world.run(['trust', 'remove', world.address]);
    expect(removed.exitCode).toBe(0);
    expect(removed.stdout).toContain(world.fingerprint);
    expect(removed.stdout).toContain(fingerprint(another));
    expect(removed.stderr).toContain('"default"');
    expect(await knownServers(world)).toBe(
      [before[0], before[1], before[2], before[4], before[6]].join('\n'),
    );
    expect((await world.run(['ls'])).exitCode).toBe(4);
    const json = await world.run(['trust', 'remove', 'office', '--json']);
    expect(jsonLines(json.stdout)).toMatchObject([{ type: 'distrusted', server: 'office:5001' }]);
    expect(await knownServers(world)).toBe([before[0], before[2], before[4], before[6]].join('\n'));
  });

  test('says when nothing was known', async () => {
    const world = await makeWorld();
    const before = await knownServers(world);
    const { exitCode, stdout, stderr } = await world.run(['trust', 'remove', 'nobody']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: '' });
    expect(stderr).toContain('nobody:5001');
    expect(await knownServers(world)).toBe(before);
  });

  test('is the way to a new key', async () => {
    const world = await makeWorld();
    await writeFile(pathOf(world), `${world.address} ${formatPublicKey(other)}\n`);
    const { stderr } = await world.run(['ls']);
    const [advice = ''] = /e2eeftp trust remove [^`]+/u.exec(stderr) ?? [];
    expect((await world.shell(advice)).exitCode).toBe(0);
    const added = ['trust', 'add', world.address, '--fingerprint', world.fingerprint];
    expect((await world.run(added)).exitCode).toBe(0);
    expect((await world.run(['ls'])).exitCode).toBe(0);
  });
});

test('edits at the same time do not undo each other', async () => {
  const world = await makeWorld();
  const before = await knownServers(world);
  const hosts = ['a', 'b', 'c', 'd', 'e', 'f'];
  const key = formatPublicKey(other);
  await world.run(['trust', 'add', 'gone', key]);
  const line = hosts.map((host) => `e2eeftp trust add ${host} ${key} &`).join(' ');
  const { exitCode } = await world.shell(`${line} e2eeftp trust remove gone & wait`);
  expect(exitCode).toBe(0);
  const lines = (await knownServers(world)).slice(before.length).trimEnd().split('\n');
  expect(lines.sort()).toEqual(hosts.map((host) => `${host}:5001 ${key}`));
});
