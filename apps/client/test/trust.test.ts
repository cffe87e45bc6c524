import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatPublicKey, Identity, loadOrCreateIdentity } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import { makeFolder } from './support/cleanup.js';
import { run } from './support/program.js';
import { jsonLines, makeWorld, World } from './support/world.js';

function file(world: World, name: string): Promise<string> {
  return readFile(join(world.home, name), 'utf8').catch(() => '(none)');
}

describe('id', () => {
  test('makes an identity once; its first line is what an operator needs', async () => {
    const home = join(await makeFolder(), 'new', 'home');
    const first = await run(['id'], { env: { E2EEFTP_HOME: home } });
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toMatch(/^[A-Za-z0-9+/]{43}=\n[A-Z2-7]{5}(-[A-Z2-7]{5}){3}\n$/u);
    expect(first.stderr).toContain('Made a new identity');
    expect((await stat(join(home, 'client_id.key'))).mode & 0o777).toBe(0o600);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    const again = await run(['id'], { env: { E2EEFTP_HOME: home } });
    expect(again).toEqual({ ...first, stderr: '' });
  });

  test('refuses a key that others can read, and shows nothing of it', async () => {
    const world = await makeWorld();
    const path = join(world.home, 'client_id.key');
    const { chmod } = await import('node:fs/promises');
    await chmod(path, 0o644);
    for (const args of [['id'], ['ls'], ['init', world.address, '--yes']]) {
      const { exitCode, stdout, stderr } = await world.run(args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toContain(`chmod 600 ${path}`);
      expect(stderr).not.toContain('BEGIN');
    }
  });

  test('takes another file, as an option or a variable', async () => {
    const world = await makeWorld();
    const path = join(world.folder, 'other.key');
    const { identity } = await loadOrCreateIdentity(path);
    const key = formatPublicKey(identity.publicKey);
    expect((await world.run(['id', '--identity', path])).stdout).toContain(key);
    expect((await world.run(['id'], { env: { E2EEFTP_IDENTITY: path } })).stdout).toContain(key);
    const missing = await world.run(['ls', '--identity', join(world.folder, 'missing.key')]);
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain('There is no identity at');
  });
});

describe('init without a terminal', () => {
  test('stops at a server that nobody has vouched for', async () => {
    const world = await World.create();
    const { exitCode, stdout, stderr } = await world.run(['init', world.address]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
    expect(stderr).toContain(world.fingerprint);
    expect(stderr).toContain('--fingerprint');
    expect(await file(world, 'known_servers')).toBe('(none)');
    expect(await file(world, 'config.toml')).toBe('(none)');
  });

  test('trusts with the right fingerprint, however it is written', async () => {
    const world = await World.create();
    const text = world.fingerprint.toLowerCase().replaceAll('-', ' ');
    const { exitCode, stdout } = await world.run(['init', world.address, '--fingerprint', text]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('The server knows you');
    expect(await file(world, 'known_servers')).toBe(
      `${world.address} ${formatPublicKey(world.identity.publicKey)}\n`,
    );
    expect((await world.run(['ls'])).exitCode).toBe(0);
  });

  test('refuses another fingerprint, also with --yes, and one that is none', async () => {
    const world = await World.create();
    const wrong = 'AAAAA-AAAAA-AAAAA-AAAAA';
    for (const more of [[], ['--yes']]) {
      const refused = await world.run(['init', world.address, '--fingerprint', wrong, ...more]);
      expect(refused.exitCode).toBe(4);
      expect(refused.stderr).toContain(world.fingerprint);
    }
    const none = await world.run(['init', world.address, '--fingerprint', 'nonsense']);
    expect(none.exitCode).toBe(2);
    expect(await file(world, 'known_servers')).toBe('(none)');
  });

  test('trusts with the key in a file, and with no other', async () => {
    const world = await World.create();
    const right = join(world.folder, 'right.pub');
    const wrong = join(world.folder, 'wrong.pub');
    await writeFile(right, formatPublicKey(world.identity.publicKey));
    await writeFile(wrong, formatPublicKey(Identity.generate().publicKey));
    const refused = await world.run(['init', world.address, '--server-key', wrong, '--yes']);
    expect(refused.exitCode).toBe(4);
    expect((await world.run(['init', world.address, '--server-key', right])).exitCode).toBe(0);
    expect((await world.run(['init', world.address, '--server-key', 'none'])).exitCode).toBe(1);
  });

  test('trusts an unknown server with --yes, and again without', async () => {
    const world = await World.create();
    expect((await world.run(['init', world.address, '--yes'])).exitCode).toBe(0);
    expect((await world.run(['init', world.address])).exitCode).toBe(0);
    expect((await file(world, 'known_servers')).split('\n')).toHaveLength(2);
  });

  test('is done when only the operator has something left to do', async () => {
    const world = await World.create({ authorized: false });
    const { exitCode, stdout } = await world.run(['init', world.address, '--yes']);
    expect(exitCode).toBe(0);
    const key = (await world.run(['id'])).stdout.split('\n')[0] ?? '?';
    expect(stdout).toContain(`\n${key}\n`);
    expect(stdout).toContain('authorized_clients.pub');
    world.authorized.add(key);
    expect((await world.run(['init', world.address])).stdout).toContain('The server knows you');
  });

  test('makes profiles, by which servers are found', async () => {
    const world = await World.create();
    const other = await World.create();
    other.authorized.add((await world.run(['id'])).stdout.split('\n')[0] ?? '?');
    expect((await world.run(['init', world.address, '--yes'])).exitCode).toBe(0);
    const named = await world.run(['init', other.address, '--yes', '--profile', 'other']);
    expect(named.stdout).toContain('"other"');
    await world.run(['mkdir', 'here']);
    await world.run(['mkdir', 'there', '--profile', 'other']);
    expect((await world.run(['ls'])).stdout).toBe('here/\n');
    expect((await world.run(['ls'], { env: { E2EEFTP_PROFILE: 'other' } })).stdout).toBe(
      'there/\n',
    );
    expect((await world.run(['ls', '--server', other.address])).stdout).toBe('there/\n');
    const none = await world.run(['ls', '--profile', 'none']);
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain('There is no profile "none"');
  });

  test('reaches a server over IPv6', async () => {
    const world = await World.create({ host: '::1' });
    expect(world.address).toMatch(/^\[::1\]:\d+$/u);
    expect((await world.run(['init', world.address, '--yes'])).exitCode).toBe(0);
    expect((await world.run(['ping'])).exitCode).toBe(0);
  });

  test('changes nothing when there is no server, or the files are not valid', async () => {
    const world = await World.create();
    const { address } = world;
    await world.server.close();
    expect((await world.run(['init', address, '--yes'])).exitCode).toBe(3);
    expect(await file(world, 'config.toml')).toBe('(none)');
    await writeFile(join(world.home, 'config.toml'), 'hsot = 1');
    const broken = await world.run(['init', address, '--yes']);
    expect(broken.exitCode).toBe(2);
    expect(broken.stderr).toContain('config.toml');
    expect(await file(world, 'config.toml')).toBe('hsot = 1');
  });
});

describe('a server', () => {
  test('that is unknown gets nothing, and --yes is no option of other commands', async () => {
    const world = await World.create();
    const { exitCode, stderr } = await world.run(['ls', '--server', world.address]);
    expect(exitCode).toBe(4);
    expect(stderr).toContain(`e2eeftp init ${world.address}`);
    expect((await world.run(['ls', '--server', world.address, '--yes'])).exitCode).toBe(2);
    const variable = await world.run(['ls', '--server', world.address], {
      env: { E2EEFTP_YES: '1' },
    });
    expect(variable.exitCode).toBe(4);
  });

  test('whose key has changed gets nothing, whatever is said beforehand', async () => {
    const world = await makeWorld();
    const old = Identity.generate();
    const path = join(world.home, 'known_servers');
    const text = `# mine\n${world.address} ${formatPublicKey(old.publicKey)}\n`;
    await writeFile(path, text);
    await writeFile(join(world.work, 'a'), 'a');
    for (const args of [
      ['send', 'a'],
      ['init', world.address],
      ['init', world.address, '--yes'],
      ['init', world.address, '--yes', '--fingerprint', world.fingerprint],
    ]) {
      const { exitCode, stderr } = await world.run(args);
      expect(exitCode).toBe(4);
      expect(stderr).toContain('HAS CHANGED');
      expect(stderr).toContain(`${path}, line 2`);
      expect(stderr).toContain(world.fingerprint);
    }
    expect(await file(world, 'known_servers')).toBe(text);
  });

  test('is trusted by --server-key whatever is known, and by no other key', async () => {
    const world = await makeWorld();
    const key = join(world.folder, 'server.pub');
    await writeFile(join(world.home, 'known_servers'), 'rubbish that is not even looked at\n');
    await writeFile(key, formatPublicKey(world.identity.publicKey));
    expect((await world.run(['ping', '--server-key', key])).exitCode).toBe(0);
    await writeFile(key, formatPublicKey(Identity.generate().publicKey));
    const refused = await world.run(['ping'], { env: { E2EEFTP_SERVER_KEY: key } });
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain(world.fingerprint);
  });

  test('that does not know the user says so', async () => {
    const world = await makeWorld({ authorized: false });
    const { exitCode, stdout, stderr } = await world.run(['ls']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
    expect(stderr).toContain('does not know this identity');
    expect(stderr).toContain((await world.run(['id'])).stdout.split('\n')[1]);
  });

  test('that does not allow something says so', async () => {
    const world = await makeWorld({ access: 'ro' });
    await world.write('a', 'a');
    const { exitCode, stderr } = await world.run(['send', 'a']);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('does not allow');
    expect((await world.run(['whoami'])).stdout).toMatch(/access +ro/u);
  });

  test('that nobody has named is a matter of configuration', async () => {
    const world = await World.create();
    const { exitCode, stderr } = await world.run(['ls']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('e2eeftp init HOST');
  });

  test('shows what was settled with --verbose, on standard error', async () => {
    const world = await makeWorld();
    const { stdout, stderr } = await world.run(['ls', '--verbose']);
    expect(stdout).toBe('');
    expect(stderr).toContain('AES-256-GCM');
    expect(stderr).toContain('X25519 and ML-KEM-768');
    expect(stderr).toContain(world.fingerprint);
  });

  test('is introduced in JSON, too', async () => {
    const world = await World.create({ authorized: false });
    const { stdout, stderr } = await world.run(['init', world.address, '--yes', '--json']);
    expect(stderr).toBe('');
    expect(jsonLines(stdout)).toEqual([
      expect.objectContaining({
        type: 'init',
        server: world.address,
        serverFingerprint: world.fingerprint,
        profile: 'default',
        authorized: false,
      }),
    ]);
  });
});
