import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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
    expect(await names('')).toEqual(['tree/']);
    expect(await names('tree/')).toEqual(['tree/a', 'tree/ab', 'tree/b']);
    expect(await names('"home:tree/a')).toEqual(['home:tree/a', 'home:tree/ab']);
    expect(await names('tree/.')).toEqual(['tree/.hidden']);
    expect(await names('nothing/')).toEqual([]);
    expect(await names('../')).toEqual([]);
    // Another server is asked if the line says so, and there is none.
    expect(await names('', 'get', '--server', '127.0.0.1:1')).toEqual([]);
    expect(await names('', 'get', '--server=127.0.0.1:1')).toEqual([]);
    expect(await names('', 'get', '--server', world.address)).toEqual(['tree/']);
  });

  test('are none where somebody would have to be asked', async () => {
    const world = await makeWorld();
    const env = { HOME: world.folder };
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', 'key'], {
      cwd: world.work,
    });
    const options = ['get', '--identity', 'key'];
    const locked = new Terminal(world, `remote-names -- '' ${options.join(' ')}`, { env });
    expect(await locked.end()).toEqual({ exitCode: 0, shown: '' });
    await writeFile(join(world.home, 'known_servers'), '');
    const { exitCode, stdout, stderr } = await world.run(['remote-names', '--', '']);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});
