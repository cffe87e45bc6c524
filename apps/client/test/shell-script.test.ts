import { readdir } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';

import { finished, start, untilSaid } from './support/program.js';
import { OriginalWorld } from './support/original.js';
import { jsonLines, makeBytes, makeWorld, type World } from './support/world.js';

function script(world: World, lines: readonly string[], args: readonly string[] = []) {
  return world.run(['shell', ...args], { input: lines.join('\n') });
}

describe('a script of the shell', () => {
  test('runs line by line, and without a prompt', async () => {
    const world = await makeWorld();
    for (const name of ['a.txt', 'b.txt', 'it is.txt', '#c']) await world.write(name, name);
    const { exitCode, stdout, stderr } = await script(world, [
      '# letters',
      '',
      'MKDIR letters/old   # and those above',
      'cd letters',
      'put a.txt b.txt .\r',
      'SEND "it is.txt" \\#c .',
      "  Put 'a.txt' 'd e'",
      'list',
      'RENAME *.txt old',
      'pwd',
      'HLIST --quiet',
      'cd /',
      'LIST letters/old',
      'GET letters/old/a*',
      'help ls',
      'exit',
      'rm -r letters',
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.not.stringContaining('>') });
    const lines = stdout.split('\n');
    expect(lines.slice(0, 6)).toEqual(['#c', 'a.txt', 'b.txt', 'd e', 'it is.txt', 'old/']);
    expect(lines).toContain('home:letters');
    expect(lines.join('\n')).toContain('a.txt\nb.txt\nit is.txt\n');
    expect(stdout).toContain('ls [REMOTE]');
    expect((await world.run(['ls', '-R'])).stdout).toContain('letters/old/it is.txt');
  });

  test('ends a line at its end, and not at what a name holds', async () => {
    const world = await makeWorld();
    const names = ['Akte Ä', 'a\u2028rm -r kept', 'b\u2029x', '日本 \u{1F5CE}'];
    const ends = ['\n', '\r\n', '\n', ''];
    const lines = names.map((name, index) => `mkdir "${name}"${ends[index]}`);
    await world.run(['mkdir', 'kept']);
    const { exitCode } = await world.run(['shell'], { input: lines.join('') });
    expect(exitCode).toBe(0);
    const made = jsonLines((await world.run(['ls', '--json'])).stdout).map(({ path }) => path);
    expect(new Set(made)).toEqual(new Set([...names, 'kept']));
  });

  const failures: [line: string, exitCode: number, reason: string][] = [
    ['rm nothere', 5, 'no nothere'],
    ['bogus', 2, 'There is no command "bogus"'],
    ['ls --bogus', 2, 'bogus'],
    ['get', 2, 'An argument is missing'],
    ['rm "a', 2, 'The quote " is not closed'],
    ['rm a\\', 2, 'backslash'],
    ['rm *.nothing', 5, 'No name matches *.nothing'],
    ['put *.nothing', 5, 'No name matches'],
    ['send - x', 2, 'standard input'],
    ['cd a.txt', 2, 'is a file'],
    ['lcd nowhere', 1, 'nowhere'],
    ['lls nowhere', 1, 'nowhere'],
    ['get team:x', 5, 'vault'],
    ['get help', 5, 'no help'],
    ['help bogus', 2, 'no command'],
    ['shell', 2, 'no command'],
    ['init 127.0.0.1', 2, 'no command'],
    ['mv *.txt [ab]*', 2, 'Several names'],
    ['ls *.txt --server 127.0.0.1:1', 2, 'Patterns'],
  ];

  test('tells what fails, and goes on if it is to', async () => {
    const world = await makeWorld();
    for (const name of ['a.txt', 'b.txt']) await world.write(name, name);
    await world.run(['send', '--to', 'home:', 'a.txt', 'b.txt']);
    const lines = failures.map(([line]) => line);
    const { exitCode, stdout } = await script(world, lines, ['--keep-going', '--json']);
    expect(exitCode).toBe(1);
    const told = jsonLines(stdout).filter(({ type }) => type === 'error');
    expect(told).toHaveLength(failures.length);
    for (const [index, [line, expected, reason]] of failures.entries()) {
      expect([line, told[index]]).toMatchObject([line, { exitCode: expected }]);
      expect(told[index]?.['message']).toContain(reason);
    }
  });

  test('stops at the first failure otherwise', async () => {
    const world = await makeWorld();
    const { exitCode, stderr } = await script(world, ['', 'rm nothere', 'lmkdir reached']);
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/\nStopped at line 2: rm nothere\n$/u);
    expect(await world.names()).toEqual([]);
  });

  test('writes JSON for programs', async () => {
    const world = await makeWorld();
    await world.write('a b', 'x');
    const lines = ['put "a b"', 'cd', 'pwd', 'lls', 'lmkdir new', 'ls', 'rm x', 'ls'];
    const { exitCode, stdout, stderr } = await script(world, lines, ['--json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 5, stderr: '' });
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'file', local: 'a b', remote: 'home:a b', size: 1 },
      { type: 'summary', files: 1 },
      { type: 'folder', path: 'home:' },
      { type: 'file', path: 'a b', size: 1 },
      { type: 'local-folder', path: 'new' },
      { type: 'file', path: 'a b' },
      { type: 'error', code: 'not-found', argument: 'x' },
      { type: 'stopped', line: 7, text: 'rm x', exitCode: 5 },
    ]);
  });

  test('does not let names be options, prefixes or streams', async () => {
    const world = await makeWorld();
    for (const name of ['-r', '-', 'plain:x', '~', '*', 'folder/y']) await world.write(name, name);
    await world.write('x', 'another');
    const { exitCode, stderr } = await script(world, [
      'put *',
      'mkdir t',
      'mv plain?x t',
      'rm ./-*',
    ]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect((await world.run(['ls', '-R'])).stdout.split('\n')).toEqual([
      '*',
      'folder/',
      'folder/y',
      't/',
      't/plain:x',
      'x',
      '~',
      '',
    ]);
    expect((await script(world, ['lmkdir back', 'lcd back', 'get *', 'get "*"'])).exitCode).toBe(0);
    expect((await readdir(`${world.work}/back`)).sort()).toEqual(['*', 'folder', 't', 'x', '~']);
  });

  test('says nothing of listeners, however long it is', async () => {
    const world = await makeWorld();
    const lines = Array.from({ length: 40 }, () => 'ping --quiet');
    const { exitCode, stdout, stderr } = await script(world, lines);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n')).toHaveLength(41);
  });

  test('uses one connection, and others where a line wants them', async () => {
    const world = await makeWorld();
    const lines = ['ping', 'ls', 'whoami', 'ping --retries 0', 'ping'];
    const { stderr } = await script(world, lines, ['--verbose']);
    expect(stderr.match(/connected to/gu)).toHaveLength(2);
  });

  test('begins only where there is a way to the server', async () => {
    const world = await makeWorld({ authorized: false });
    expect((await script(world, ['lmkdir reached'])).exitCode).toBe(4);
    const gone = await world.run(['shell', '--server', '127.0.0.1:1'], { input: 'lmkdir reached' });
    expect(gone.exitCode).not.toBe(0);
    expect(await world.names()).toEqual([]);
  });

  test('is over when it is interrupted', async () => {
    const world = await makeWorld();
    await world.run(['send', '-', 'big'], { input: makeBytes(20_000_000) });
    const child = start(['shell', '--limit-rate', '100K', '--verbose'], {
      ...world.place,
      input: 'get big\nlmkdir reached\n',
    });
    await untilSaid(child, 'connected');
    child.kill('SIGINT');
    expect(finished(await child).exitCode).toBe(130);
    expect(await world.names()).not.toContain('reached');
  });

  test('ends quietly when nobody reads it', async () => {
    const world = await makeWorld();
    await world.write('s', 'pwd\n'.repeat(20_000));
    const { stdout, stderr } = await world.shell(
      'e2eeftp shell < s | head -n 1; echo ${PIPESTATUS[0]}',
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'home:\n0\n', stderr: '' });
  });

  test('speaks the first generation, too', async () => {
    const world = await OriginalWorld.create();
    await world.write('a', 'content');
    const input = 'SEND a\nSEND a b\nLIST\nDELETE b\nGET a\npwd\ncd x\n';
    const { exitCode, stdout, stderr } = await world.run(['shell', '-k'], { input });
    expect(exitCode).toBe(2);
    expect(stdout).toBe('a\nb\nhome:\n');
    expect(stderr).toContain('no folders');
    expect(stderr.match(/hides neither names/gu)).toHaveLength(1);
    expect(await world.stored()).toEqual(['a']);
    expect((await world.read('downloaded_a')).toString()).toBe('content');
  });
});
