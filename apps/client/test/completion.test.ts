import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ClientHome, fingerprint, Identity } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import { mainPath } from './support/program.js';
import { Terminal } from './support/terminal.js';
import { makeWorld, type World } from './support/world.js';

type ShellName = 'bash' | 'fish' | 'zsh';

const tab = '\t';
const clearLine = '\u0015';

/** Starts a shell without anything of this machine's, and what loads the script that is given. */
const shells: Readonly<Record<ShellName, { program: string; begin: readonly string[] }>> = {
  bash: {
    program: 'bash --noprofile --norc -i',
    begin: ['PS1="> "', "bind 'set bell-style none'", "bind 'set enable-bracketed-paste off'"],
  },
  fish: {
    program: 'fish --no-config -i',
    begin: ['function fish_prompt; echo "> "; end', 'function fish_right_prompt; end'],
  },
  zsh: {
    program: 'zsh -f -i',
    begin: [
      'PROMPT="> "',
      'unsetopt prompt_cr prompt_sp beep zle_bracketed_paste',
      'autoload -U compinit',
      'compinit -D -u',
    ],
  },
};

function isInstalled(name: ShellName): boolean {
  return process.platform === 'linux' && spawnSync(name, ['--version']).status === 0;
}

/** A shell at a terminal, with e2eeftp on its path and the completion script loaded. */
async function startShell(world: World, name: ShellName): Promise<Terminal> {
  const bin = join(world.folder, 'bin');
  await mkdir(bin);
  const program = `#!/bin/sh\nexec "${process.execPath}" "${mainPath}" "$@"\n`;
  await writeFile(join(bin, 'e2eeftp'), program, { mode: 0o755 });
  const script = await world.run(['completion', name]);
  await writeFile(join(world.folder, 'script'), script.stdout);
  const { program: shell, begin } = shells[name];
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: world.folder };
  const terminal = new Terminal(world, '', { program: shell, env, columns: 100, rows: 50 });
  for (const line of [...begin, 'source ../script', 'echo re""ady']) terminal.type(`${line}\n`);
  await terminal.shows(/^ready$/mu);
  await terminal.screen.until(() => terminal.screen.typed === '> ');
  return terminal;
}

/** Ties names to people whom nobody else knows. */
async function knowPeople(world: World, ...names: string[]): Promise<void> {
  for (const name of names) {
    const { publicKey } = Identity.generate();
    await new ClientHome(world.home).vaults.tie(name, fingerprint(publicKey));
  }
}

async function press(terminal: Terminal, keys: string, typed: string): Promise<void> {
  terminal.type(keys);
  await terminal.screen.until(() => terminal.screen.typed === `> ${typed}`);
}

describe.each(['bash', 'zsh', 'fish'] as const)('completion in %s', (name) => {
  const testIfThere = isInstalled(name) ? test : test.skip;

  testIfThere(
    `is of the program's commands, options and names (${name} has to be installed)`,
    async () => {
      const world = await makeWorld();
      for (const file of ['local.txt', 'with space.txt', 'deep/inner.txt'])
        await world.write(file, '');
      await world.run(['send', '--to', 'remote', 'local.txt', 'with space.txt', 'deep']);
      const terminal = await startShell(world, name);
      await press(terminal, `e2eeftp who${tab}`, 'e2eeftp whoami ');
      await press(terminal, clearLine, '');
      await press(terminal, `e2eeftp completion fi${tab}`, 'e2eeftp completion fish ');
      await press(terminal, clearLine, '');
      await press(terminal, `e2eeftp send --no-cl${tab}`, 'e2eeftp send --no-clobber ');
      await press(terminal, `loc${tab}`, 'e2eeftp send --no-clobber local.txt ');
      await press(terminal, clearLine, '');
      await press(terminal, `e2eeftp get rem${tab}`, 'e2eeftp get remote/');
      await press(terminal, `w${tab}`, 'e2eeftp get remote/with\\ space.txt ');
      await press(terminal, `with${tab}`, 'e2eeftp get remote/with\\ space.txt with\\ space.txt ');
      await press(terminal, clearLine, '');
      await press(terminal, `e2eeftp ls home:remote/d${tab}`, 'e2eeftp ls home:remote/deep/');
      await press(terminal, clearLine, '');
      await press(terminal, `e2eeftp send --to rem${tab}`, 'e2eeftp send --to remote/');
      await press(terminal, clearLine, '');
      terminal.type('exit\n');
      await terminal.end();
    },
    60_000,
  );

  testIfThere(
    `is of vaults, and of who is known (${name} has to be installed)`,
    async () => {
      const world = await makeWorld();
      // Folders here say nothing about vaults and people.
      for (const file of ['plan.txt', 'bob/f', 'team/f']) await world.write(file, '');
      await world.run(['vault', 'create', 'crew']);
      await world.run(['vault', 'create', 'team.2']);
      await world.run(['send', 'plan.txt', 'crew:']);
      await knowPeople(world, 'bob', 'Anna B');
      const terminal = await startShell(world, name);
      const completes = async (typed: string, completed: string): Promise<void> => {
        await press(terminal, `e2eeftp ${typed}${tab}`, `e2eeftp ${completed}`);
        await press(terminal, clearLine, '');
      };
      await completes('get cr', 'get crew:');
      await completes('get crew:pl', 'get crew:plan.txt ');
      await completes('ls pla', 'ls plain:');
      await completes('send --to cr', 'send --to crew:');
      await completes('sync cr', 'sync crew:');
      await completes('sync crew:pl', 'sync crew:plan.txt ');
      await completes('vault mem', 'vault members ');
      await completes('vault members te', 'vault members team.2 ');
      await completes('vault members --json c', 'vault members --json crew ');
      await completes('vault add crew b', 'vault add crew bob ');
      await completes('vault remove crew A', String.raw`vault remove crew Anna\ B `);
      await completes('vault role crew bob wr', 'vault role crew bob writer ');
      await completes('vault export crew te', 'vault export crew team/');
      terminal.type('exit\n');
      await terminal.end();
    },
    100_000,
  );

  testIfThere(`has a script without mistakes (${name} has to be installed)`, async () => {
    const world = await makeWorld();
    const { stdout } = await world.run(['completion', name]);
    await world.write('script', stdout);
    const { status, stderr } = spawnSync(name, ['-n', 'script'], {
      cwd: world.work,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('names for a script', () => {
  test('are those that begin so', async () => {
    const world = await makeWorld();
    for (const file of ['a', 'ab', 'b', '.hidden', 'x\u202Ey']) await world.write(file, '');
    await world.run(['send', '--to', 'tree', 'a', 'ab', 'b', '.hidden', 'x\u202Ey']);
    const names = async (word: string, ...line: string[]): Promise<string[]> => {
      const { exitCode, stdout, stderr } = await world.run(['remote-names', '--', word, ...line]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      return stdout.split('\n').slice(0, -1);
    };
    expect(await names('')).toEqual(['home:', 'plain:', 'tree/']);
    expect(await names('t')).toEqual(['tree/']);
    expect(await names('tree/')).toEqual(['tree/a', 'tree/ab', 'tree/b']);
    expect(await names('"home:tree/a')).toEqual(['home:tree/a', 'home:tree/ab']);
    expect(await names('tree/.')).toEqual(['tree/.hidden']);
    expect(await names('nothing/')).toEqual([]);
    expect(await names('../')).toEqual([]);
    // Another server is asked if the line says so, and there is none.
    expect(await names('', 'get', '--server', '127.0.0.1:1')).toEqual([]);
    expect(await names('', 'get', '--server=127.0.0.1:1')).toEqual([]);
    expect(await names('t', 'get', '--server', world.address)).toEqual(['tree/']);
  });

  test('are those of vaults without asking the server', async () => {
    const world = await makeWorld();
    for (const name of ['team', 'Team-2', 'crew']) await world.run(['vault', 'create', name]);
    await knowPeople(world, 'bob', 'Anna B', 'bad\u202E');
    await world.write('folder/f', '');
    await world.server.close();
    const names = async (kind: string, word: string, ...line: string[]): Promise<string[]> => {
      const args = ['remote-names', '--kind', kind, '--', word, ...line];
      const { exitCode, stdout, stderr } = await world.run(args);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      return stdout.split('\n').slice(0, -1);
    };
    expect(await names('remote', 'te', 'ls')).toEqual(['team:']);
    expect(await names('either', '', 'sync')).toEqual([
      ...['home:', 'team:', 'Team-2:', 'crew:', 'plain:'],
    ]);
    const vault = (word: string, ...line: string[]): Promise<string[]> =>
      names('vault-argument', word, 'vault', ...line);
    expect(await vault('', 'members')).toEqual(['home', 'team', 'Team-2', 'crew']);
    expect(await vault('T', '--quiet', 'rekey')).toEqual(['Team-2']);
    expect(await vault('', 'add', 'team')).toEqual(['bob', 'Anna B']);
    expect(await vault('', 'add', '--role', 'writer', 'team')).toEqual(['bob', 'Anna B']);
    expect(await vault('', 'role', 'team', 'bob')).toEqual(['reader', 'writer', 'owner']);
    expect(await vault('f', 'export', 'team')).toEqual(['folder/']);
    for (const line of [['create'], ['join'], ['list'], ['members', 'team'], ['nothing'], []]) {
      expect(await vault('', ...line)).toEqual([]);
    }
    expect(await vault('', 'members', '--server', '127.0.0.1:1')).toEqual([]);
  }, 60_000);

  test('do not make what they are asked for', async () => {
    const world = await makeWorld();
    for (const word of ['', 'x', 'home:', 'home:a/']) {
      const { stdout } = await world.run(['remote-names', '--', word]);
      expect(stdout).toBe(word === '' ? 'home:\nplain:\n' : '');
    }
    expect((await world.run(['vault', 'list'])).stdout).toBe('');
  });

  test('are none where somebody would have to be asked', async () => {
    const world = await makeWorld();
    const env = { HOME: world.folder };
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', 'key'], {
      cwd: world.work,
    });
    const options = ['get', '--identity', 'key'];
    const locked = new Terminal(world, `remote-names -- '' ${options.join(' ')}`, { env });
    expect(await locked.end()).toEqual({ exitCode: 0, shown: 'home:\r\nplain:\r\n' });
    await writeFile(join(world.home, 'known_servers'), '');
    const { exitCode, stdout, stderr } = await world.run(['remote-names', '--', '']);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});
