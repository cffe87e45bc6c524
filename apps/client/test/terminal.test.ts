import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatPublicKey } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import { runWithoutTerminal, Terminal } from './support/terminal.js';
import { launch } from './support/program.js';
import { startProxy } from './support/proxy.js';
import { makeBytes, makeWorld, World } from './support/world.js';

// `script` of util-linux gives a program a terminal; elsewhere it is called in another way.
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

function knownServers(world: World): Promise<string> {
  return readFile(join(world.home, 'known_servers'), 'utf8').catch(() => '(none)');
}

describeOnLinux('init at a terminal', () => {
  test('shows the fingerprint and takes a yes', async () => {
    const world = await World.create();
    const terminal = new Terminal(world, `init ${world.address}`);
    await terminal.until('Is it the right one?');
    expect(await knownServers(world)).toBe('(none)');
    terminal.type('y\r');
    const { exitCode, shown } = await terminal.end();
    expect(exitCode).toBe(0);
    expect(shown).toContain(world.fingerprint);
    expect(shown).toContain('The server knows you');
    expect(await knownServers(world)).toContain(formatPublicKey(world.identity.publicKey));
  });

  test.each([
    ['n\r', 4],
    ['\r', 4],
    ['\u0003', 130],
  ])('takes %j for a no', async (keys, expected) => {
    const world = await World.create();
    const terminal = new Terminal(world, `init ${world.address}`);
    await terminal.until('Is it the right one?');
    terminal.type(keys);
    expect((await terminal.end()).exitCode).toBe(expected);
    expect(await knownServers(world)).toBe('(none)');
  });

  test('does not ask where the answer is given, or cannot be a yes', async () => {
    const world = await World.create();
    const right = new Terminal(world, `init ${world.address} --fingerprint ${world.fingerprint}`);
    expect((await right.end()).shown).not.toContain('right one?');
    const other = await World.create();
    const wrong = new Terminal(
      other,
      `init ${other.address} --fingerprint AAAAA-AAAAA-AAAAA-AAAAA`,
    );
    const { exitCode, shown } = await wrong.end();
    expect(exitCode).toBe(4);
    expect(shown).not.toContain('right one?');
  });
});

describeOnLinux('a passphrase', () => {
  test('is asked for at a terminal, and never shown', async () => {
    const world = await makeWorld();
    const options = { ...world.place, env: { HOME: world.folder } };
    await launch('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', 'key'], options);
    const right = new Terminal(world, 'id --identity key');
    await right.until('Passphrase of key');
    right.type('open sesame\r');
    const { exitCode, shown } = await right.end();
    expect(exitCode).toBe(0);
    expect(shown).toMatch(/[A-Za-z0-9+/]{43}=\r\n/u);
    expect(shown).not.toContain('open sesame');
    const wrong = new Terminal(world, 'id --identity key');
    await wrong.until('Passphrase of key');
    wrong.type('open\r');
    await wrong.until('That was not right');
    wrong.type('open sesame');
    wrong.type('\r');
    expect((await wrong.end()).exitCode).toBe(0);
    const nobody = await runWithoutTerminal(world, ['id', '--identity', 'key']);
    expect(nobody.exitCode).toBe(2);
    expect(nobody.stderr).toContain('no terminal to ask');
  });
});

describeOnLinux('progress', () => {
  test('is shown at a terminal, and gone at the end', async () => {
    const world = await makeWorld();
    await world.write('big', makeBytes(30_000_000));
    const terminal = new Terminal(world, 'send big --limit-rate 20M');
    await terminal.untilLines(([line = '']) =>
      /^big {2}\[#+\.+\] +\d+ % +\d.* MB\/s +0:0\d left$/u.test(line),
    );
    expect((await terminal.end()).exitCode).toBe(0);
    expect(terminal.lines).toEqual([expect.stringMatching(/^Sent big to home:big: 30 MB in /u)]);
    for (const flag of ['--quiet', '--json', '2> err', '-v 2> err']) {
      const { exitCode, shown } = await new Terminal(world, `get big copy ${flag}`).end();
      expect({ flag, exitCode }).toEqual({ flag, exitCode: 0 });
      expect(shown).not.toContain('\u001B');
    }
    const dumb = new Terminal(world, 'get big copy', { env: { TERM: 'dumb' } });
    expect((await dumb.end()).shown).not.toContain('\u001B');
  });

  test('has a line for each file and one for all, in any room, whatever the names', async () => {
    const world = await makeWorld();
    const names = ['plain.txt', '文档'.repeat(40), 'x\u202E\u200By🎉.png', 'e\u0301'.repeat(80)];
    for (const name of names) await world.write(`tree/${name}`, makeBytes(3_000_000));
    await world.shell('e2eeftp mkdir before');
    const terminal = new Terminal(world, 'send tree plain: --limit-rate 2M', {
      columns: 70,
      rows: 30,
    });
    const total = /^\d of 4\+? files, |^\d files? done/u;
    await terminal.untilLines((lines) => lines.length === 5 && total.test(lines.at(-1) ?? ''));
    await terminal.untilLines((lines) => lines.some((line) => /^plain.txt .* \d+ %/u.test(line)));
    expect(terminal.lines.join('\n')).toContain('x\uFFFD\uFFFDy');
    await terminal.resize(33, 30);
    await terminal.untilLines(
      (lines) => lines.length === 5 && lines.every((line) => / % +\d|^\d.* +\d/u.test(line)),
    );
    await terminal.resize(100, 30);
    await terminal.untilLines((lines) => lines.some((line) => line.includes(' left')));
    terminal.type('\u0003');
    expect((await terminal.end()).exitCode).toBe(130);
    // Nothing of what was shown for a moment is left.
    expect(terminal.lines.join('\n')).toMatch(/^(?:\^C)?e2eeftp: .*$/u);
  });

  test('takes less than a small terminal has', async () => {
    const world = await makeWorld();
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await world.write(`t/${name}`, makeBytes(400_000));
    const terminal = new Terminal(world, 'send t --limit-rate 500K', { columns: 20, rows: 4 });
    await terminal.untilLines((lines) => lines.filter((line) => line.endsWith(' %')).length === 2);
    expect((await terminal.end()).exitCode).toBe(0);
    expect(terminal.lines.join('')).toMatch(/^Sent 5 files: 2\.0 MB in /u);
  });

  test('and what is said meanwhile do not disturb each other', async () => {
    const world = await makeWorld();
    await world.write('tree/big', makeBytes(6_000_000));
    for (let index = 0; index < 40; index++) await world.write(`tree/small${index}`, 'small');
    await world.write('tree/bad\\name', 'bad');
    await world.shell('ln -s big tree/link');
    const terminal = new Terminal(world, 'send tree -v --limit-rate 3M 2>&1', { rows: 100 });
    expect((await terminal.end()).exitCode).toBe(2);
    const { lines } = terminal;
    expect(lines.filter((line) => line.startsWith('home:tree/small'))).toHaveLength(40);
    expect(lines.filter((line) => line.startsWith('Skipped tree/link'))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('e2eeftp: '))).toHaveLength(1);
    expect(lines.filter((line) => / left$|done|\[#/u.test(line))).toEqual([]);
    expect(lines.at(-1)).toMatch(/^Sent 41 files: 6\.0 MB in .*, 1 skipped, 1 failed$/u);
  });

  test('leaves a file on standard output as it is', async () => {
    const world = await makeWorld();
    await world.run(['send', '-', 'f'], { input: 'x'.repeat(2_000_000) });
    const { exitCode, shown } = await new Terminal(world, 'get f - --limit-rate 2M').end();
    expect(exitCode).toBe(0);
    expect(shown).toContain('x'.repeat(2_000_000));
    expect(shown).not.toContain('\u001B');
  });

  test('does not keep Ctrl-C from ending a transfer', async () => {
    const world = await makeWorld();
    await world.run(['send', '-', 'big'], { input: makeBytes(20_000_000) });
    await world.write('../server.pub', formatPublicKey(world.identity.publicKey));
    const { port, reached } = await startProxy(world.server.address.port, {
      direction: 'down',
      bytes: 5_000_000,
      then: 'stall',
    });
    const terminal = new Terminal(
      world,
      `get big --server 127.0.0.1:${port} --server-key ../server.pub`,
    );
    await reached;
    await terminal.until('%');
    terminal.type('\u0003');
    const { exitCode, shown } = await terminal.end();
    expect(exitCode).toBe(130);
    expect(shown).toMatch(/e2eeftp:.* .*\r\n$/u);
    expect(terminal.lines.join('\n')).toMatch(/^(?:\^C)?e2eeftp: .*$/u);
    expect((await world.names()).join(' ')).toMatch(/^(?:\.big\.\w+\.part)?$/u);
  });
});

describeOnLinux('ls at a terminal', () => {
  test('has columns as wide as the terminal, and colours unless told otherwise', async () => {
    const world = await makeWorld();
    for (const name of ['one', 'two', '文档', 'a-rather-long-name.txt']) {
      await world.run(['send', '-', name], { input: 'content' });
    }
    await world.run(['mkdir', 'folder']);
    const ls = async (args: string, columns: number, env = {}): Promise<string[]> => {
      const terminal = new Terminal(world, `ls ${args}`, { columns, env });
      expect((await terminal.end()).exitCode).toBe(0);
      expect(terminal.shown.includes('\u001B[34mfolder')).toBe(!('NO_COLOR' in env));
      return terminal.lines;
    };
    expect(await ls('', 80)).toEqual(['a-rather-long-name.txt  folder/  one  two  文档']);
    expect(await ls('', 35, { NO_COLOR: '1' })).toEqual([
      'a-rather-long-name.txt  one  文档',
      'folder/                 two',
    ]);
    expect(await ls('', 10)).toHaveLength(5 + 2);
    expect(await ls('-lh', 80)).toEqual([
      expect.stringMatching(/^7 B {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}a-rather/u),
      expect.stringMatching(/^ {2}- .* folder\/$/u),
      expect.stringContaining('one'),
      expect.stringContaining('two'),
      expect.stringContaining('文档'),
    ]);
    const piped = new Terminal(world, 'ls | cat');
    await piped.end();
    expect(piped.shown).toBe('a-rather-long-name.txt\r\nfolder/\r\none\r\ntwo\r\n文档\r\n');
    const forced = await world.run(['ls'], { env: { FORCE_COLOR: '1' } });
    expect(forced.stdout).toContain('\u001B[34mfolder');
  });
});
