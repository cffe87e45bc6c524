import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { hasPassphrase } from '@e2eeftp/client';
import { describe, expect, jest, test } from '@jest/globals';
import { armor, Encrypter } from 'age-encryption';

import { runWithoutTerminal, Terminal } from './support/terminal.js';
import { jsonLines, makeWorld, World } from './support/world.js';

// `script` of util-linux gives a program a terminal; elsewhere it is called in another way.
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

// What opens a key that the program has made costs what a passphrase is worth.
jest.setTimeout(120_000);

const secret = 'correct horse ☃';

function keyPath(world: World): string {
  return join(world.home, 'client_id.key');
}

async function secretFile(world: World, text: string, mode = 0o600): Promise<string> {
  const path = join(world.folder, `secret-${Math.random()}`);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

async function program(world: World, script: string): Promise<string> {
  const path = join(world.folder, `askpass-${Math.random()}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o700);
  return path;
}

/** A world whose user's key has the passphrase, and is cheap to open: another program has made it. */
async function protectedWorld(): Promise<World> {
  const world = await makeWorld();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(secret);
  encrypter.setScryptWorkFactor(10);
  const key = await encrypter.encrypt(await readFile(keyPath(world), 'utf8'));
  await writeFile(keyPath(world), armor.encode(key));
  return world;
}

describe('passphrase in a script', () => {
  test('is given, changed and removed', async () => {
    const world = await makeWorld();
    const id = (await world.run(['id'])).stdout;
    const one = await secretFile(world, `${secret}\n`);
    const two = await secretFile(world, 'two');
    const given = await world.run(['passphrase', '--new-passphrase-file', one, '--json']);
    expect(jsonLines(given.stdout)).toEqual([
      {
        type: 'passphrase',
        file: keyPath(world),
        fingerprint: id.split('\n')[1],
        protected: true,
      },
    ]);
    expect(await hasPassphrase(keyPath(world))).toBe(true);
    const withOne = { env: { E2EEFTP_PASSPHRASE_FILE: one } };
    expect((await world.run(['id'], withOne)).stdout).toBe(id);
    expect((await world.run(['ping'], withOne)).exitCode).toBe(0);
    const changed = ['passphrase', '--passphrase-file', one, '--new-passphrase-file', two];
    expect((await world.run(changed)).exitCode).toBe(0);
    const old = await world.run(['id'], withOne);
    expect(old.exitCode).toBe(2);
    expect(old.stderr).toContain('passphrase is wrong');
    expect((await world.run(['passphrase', '--remove', '--passphrase-file', two])).exitCode).toBe(
      0,
    );
    expect((await world.run(['id'])).stdout).toBe(id);
    expect(await readFile(keyPath(world), 'utf8')).toContain('BEGIN PRIVATE KEY');
  });

  test('comes from a pipe, with standard input free for a file', async () => {
    const world = await protectedWorld();
    const { exitCode } = await world.shell(
      `echo content | e2eeftp send - f --passphrase-file <(printf %s '${secret}')`,
    );
    expect(exitCode).toBe(0);
    const got = await world.shell(
      `e2eeftp get f - --passphrase-file <(printf '%s\\n' '${secret}')`,
    );
    expect(got.stdout).toBe('content\n');
  });

  test('comes from a program, which gets the question', async () => {
    const world = await protectedWorld();
    const askpass = await program(
      world,
      `printf '%s' "$1" > "${world.folder}/asked"; echo '${secret}'`,
    );
    const { exitCode, stderr } = await world.run(['id'], { env: { E2EEFTP_ASKPASS: askpass } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const asked = await readFile(join(world.folder, 'asked'), 'utf8');
    expect(asked).toBe(`Passphrase of ${keyPath(world)}:`);
    const change = await program(world, `case "$1" in New*) echo new;; *) echo '${secret}';; esac`);
    expect((await world.run(['passphrase', '--askpass', change])).exitCode).toBe(0);
    expect((await world.run(['id', '--askpass', await program(world, 'echo new')])).exitCode).toBe(
      0,
    );
  });

  test('that cannot be had is said to be, and never shown', async () => {
    const world = await protectedWorld();
    const hidden = 'open sesame';
    for (const [args, reason] of [
      [['--passphrase-file', 'missing'], 'missing'],
      [['--passphrase-file', '.'], 'EISDIR'],
      [['--passphrase-file', await secretFile(world, secret, 0o644)], 'chmod 600'],
      [['--passphrase-file', await secretFile(world, 'x'.repeat(10_000))], 'too long'],
      [['--passphrase-file', await secretFile(world, hidden)], 'is wrong'],
      [['--askpass', 'no-such-program'], 'ENOENT'],
      [['--askpass', await program(world, `echo '${hidden}'; exit 3`)], '(exit code 3)'],
      [['--askpass', await program(world, 'yes')], 'gave no passphrase'],
      [['--askpass', 'a', '--passphrase-file', 'b'], 'not both'],
    ] as const) {
      const { exitCode, stdout, stderr } = await runWithoutTerminal(world, ['ls', ...args]);
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: '' });
      expect(stderr).toContain(reason);
      expect(stderr).not.toContain(hidden);
    }
    const nobody = await runWithoutTerminal(world, ['ls']);
    expect(nobody.exitCode).toBe(2);
    expect(nobody.stderr).toContain('--passphrase-file');
    const variable = await runWithoutTerminal(world, ['ls'], { E2EEFTP_PASSPHRASE: secret });
    expect(variable.exitCode).toBe(2);
  });

  test('is not changed without knowing it, nor that of a key of SSH', async () => {
    const world = await protectedWorld();
    const before = await readFile(keyPath(world), 'utf8');
    const wrong = ['--passphrase-file', await secretFile(world, 'wrong')];
    expect((await world.run(['passphrase', '--remove', ...wrong])).exitCode).toBe(2);
    const right = ['--passphrase-file', await secretFile(world, secret)];
    const empty = ['--new-passphrase-file', await secretFile(world, '\n')];
    expect((await world.run(['passphrase', ...right, ...empty])).exitCode).toBe(2);
    const nobody = await runWithoutTerminal(world, ['passphrase', ...right]);
    expect(nobody.exitCode).toBe(2);
    expect(await readFile(keyPath(world), 'utf8')).toBe(before);
    await world.shell('ssh-keygen -q -t ed25519 -N "" -f ssh');
    const ssh = await world.run(['passphrase', '--identity', 'ssh', ...right]);
    expect(ssh.exitCode).toBe(2);
    expect(ssh.stderr).toContain('ssh-keygen -p -f ssh');
  });
});

describe('init --protect without a terminal', () => {
  test('makes a key with the passphrase', async () => {
    const world = await World.create({ authorized: false });
    await rm(keyPath(world));
    const init = ['init', world.address, '--yes', '--protect'];
    const nobody = await runWithoutTerminal(world, init);
    expect(nobody.exitCode).toBe(2);
    expect(await hasPassphrase(keyPath(world))).toBeUndefined();
    const file = await secretFile(world, secret);
    const made = await world.run([...init, '--passphrase-file', file]);
    expect(made.exitCode).toBe(0);
    expect(await hasPassphrase(keyPath(world))).toBe(true);
    // A script that is run again finds everything as it should be.
    expect((await world.run([...init, '--passphrase-file', file])).exitCode).toBe(0);
  });

  test('refuses a key that is there without one', async () => {
    const world = await World.create();
    const { exitCode, stderr } = await world.run(['init', world.address, '--yes', '--protect']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('e2eeftp passphrase');
  });
});

describeOnLinux('a passphrase at a terminal', () => {
  test('is asked for twice, and once more where they differ', async () => {
    const world = await makeWorld();
    const terminal = new Terminal(world, 'passphrase', { columns: 200 });
    await terminal.until('New passphrase of');
    terminal.type('first\r');
    await terminal.until('The same again:');
    terminal.type('second\r');
    await terminal.until('They differ');
    await terminal.untilLines((lines) => lines.at(-1)?.includes('New passphrase') === true);
    terminal.type('third\r');
    await terminal.untilLines((lines) => lines.at(-1)?.includes('The same again') === true);
    terminal.type('third\r');
    const { exitCode, shown } = await terminal.end();
    expect(exitCode).toBe(0);
    expect(shown).not.toMatch(/first|second|third/u);
    const file = await secretFile(world, 'third');
    expect((await world.run(['ping', '--passphrase-file', file])).exitCode).toBe(0);
  });

  test('is asked for while standard input and output are files', async () => {
    const world = await protectedWorld();
    await world.write('f', 'content');
    const terminal = new Terminal(world, 'send - g --json < f > out 2> err');
    await terminal.until('Passphrase of');
    terminal.type(`${secret}\r`);
    expect((await terminal.end()).exitCode).toBe(0);
    expect((await world.read('err')).toString()).toBe('');
    expect((await world.read('out')).toString()).toContain('"summary"');
  });

  test('is abandoned by Ctrl-C', async () => {
    const world = await protectedWorld();
    const terminal = new Terminal(world, 'ls');
    await terminal.until('Passphrase of');
    terminal.type('\u0003');
    expect((await terminal.end()).exitCode).toBe(130);
  });
});

describeOnLinux('init as a conversation', () => {
  test('asks for what it needs, and for nothing else', async () => {
    const world = await World.create({ authorized: false });
    await rm(keyPath(world));
    const terminal = new Terminal(world, 'init');
    await terminal.until('Address of the server');
    terminal.type('a:b:c\r');
    await terminal.until('is no address');
    terminal.type('\u0015');
    terminal.type(`${world.address}\r`);
    await terminal.until('Is it the right one?');
    expect(terminal.shown).toContain(world.fingerprint);
    terminal.type('y\r');
    await terminal.until('with a passphrase?');
    terminal.type('y\r');
    await terminal.until('New passphrase of');
    terminal.type(`${secret}\r`);
    await terminal.until('The same again:');
    terminal.type(`${secret}\r`);
    await terminal.until('Name of the profile');
    terminal.type('\r');
    const { exitCode, shown } = await terminal.end();
    expect(exitCode).toBe(0);
    expect(shown).toContain('The profile "default" is');
    expect(shown).not.toContain(secret);
    expect(await hasPassphrase(keyPath(world))).toBe(true);
    const config = await readFile(join(world.home, 'config.toml'), 'utf8');
    expect(config).toContain('[profiles.default]');
  });

  test('keeps the profile of another server, and asks for a name', async () => {
    const world = await makeWorld();
    const other = await World.create({ authorized: false });
    const terminal = new Terminal(world, `init ${other.address}`);
    await terminal.until('Is it the right one?');
    terminal.type('y\r');
    await terminal.until('Name of the profile');
    expect(terminal.lines.at(-1)).toContain('127-0-0-1');
    terminal.type('other\r');
    expect((await terminal.end()).shown).toContain('The profile "other" is');
    expect((await world.run(['ping'])).exitCode).toBe(0);
    const again = new Terminal(world, `init ${other.address}`);
    expect((await again.end()).shown).not.toContain('Name of the profile');
  });

  test('makes a key without a passphrase when told so, and nothing after a no', async () => {
    const world = await World.create({ authorized: false });
    await rm(keyPath(world));
    const no = new Terminal(world, `init ${world.address}`);
    await no.until('Is it the right one?');
    no.type('n\r');
    expect((await no.end()).exitCode).toBe(4);
    expect(await hasPassphrase(keyPath(world))).toBeUndefined();
    const yes = new Terminal(world, `init ${world.address} --yes --unprotected`);
    expect((await yes.end()).shown).not.toContain('?');
    expect(await hasPassphrase(keyPath(world))).toBe(false);
  });
});

describeOnLinux('trust add at a terminal', () => {
  test('asks, and takes a yes', async () => {
    const world = await World.create({ authorized: false });
    const terminal = new Terminal(world, `trust add ${world.address}`);
    await terminal.until('Is it the right one?');
    expect(terminal.shown).toContain(world.fingerprint);
    terminal.type('y\r');
    expect((await terminal.end()).exitCode).toBe(0);
    expect((await world.run(['trust', 'list'])).stdout).toContain(world.fingerprint);
    const no = new Terminal(world, 'trust remove nobody');
    expect((await no.end()).exitCode).toBe(5);
  });
});
