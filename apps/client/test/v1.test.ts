import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { formatPublicKey, parsePublicKey } from '@e2eeftp/client';
import { newIdentity, statCommand } from '@e2eeftp/original-peer';
import { describe, expect, test } from '@jest/globals';

import { OriginalWorld } from './support/original.js';
import { finished, start, untilSaid } from './support/program.js';
import { jsonLines, makeBytes, makeWorld } from './support/world.js';

const hint = /hides neither names nor commands/u;

describe('in a folder of the original’s client', () => {
  test('a file goes there and back', async () => {
    const world = await OriginalWorld.create();
    const bytes = makeBytes(3_000_001);
    await world.write('report.pdf', bytes);
    const sent = await world.run(['send', 'report.pdf']);
    expect(sent).toMatchObject({ exitCode: 0, stdout: '' });
    expect(sent.stderr).toMatch(hint);
    expect(sent.stderr.match(new RegExp(hint, 'gu'))).toHaveLength(1);
    expect(sent.stderr).toContain('Sent report.pdf to report.pdf: 3.0 MB');
    expect((await world.storedContent('report.pdf')).equals(bytes)).toBe(true);

    const got = await world.run(['get', 'report.pdf']);
    expect(got).toMatchObject({ exitCode: 0, stdout: '' });
    expect(got.stderr).toContain('Received report.pdf to downloaded_report.pdf');
    expect((await world.read('downloaded_report.pdf')).equals(bytes)).toBe(true);
    expect(await world.names()).toEqual(['downloaded_report.pdf', 'report.pdf']);
  });

  test('names are given, and kept', async () => {
    const world = await OriginalWorld.create();
    for (const name of ['a', 'b', 'ä ö', '-odd']) await world.write(name, name);
    await mkdir(join(world.work, 'into'));
    const shell = await world.shell(`set -eu
      export E2EEFTP_V1=1 E2EEFTP_QUIET=1
      e2eeftp send a renamed
      e2eeftp send --to / a b "ä ö"
      e2eeftp send -- -odd
      e2eeftp ls | sort
      e2eeftp get renamed copy
      e2eeftp get b into
      e2eeftp get b made/
      e2eeftp get "ä ö" -
      e2eeftp rm renamed a
      e2eeftp ls | sort`);
    expect(shell).toMatchObject({ exitCode: 0, stderr: '' });
    expect(Buffer.from(shell.stdout, 'latin1').toString()).toBe(
      ['-odd', 'a', 'b', 'renamed', 'ä ö', 'ä ö-odd', 'b', 'ä ö', ''].join('\n'),
    );
    expect((await world.read('copy')).toString()).toBe('a');
    expect((await world.read('into/b')).toString()).toBe('b');
    expect((await world.read('made/b')).toString()).toBe('b');
    expect(await world.stored()).toEqual(['-odd', 'b', 'ä ö']);
  });

  test('commands are listed', async () => {
    const world = await OriginalWorld.create({ commands: { STAT: statCommand } });
    const { stdout } = await world.run(['commands']);
    expect(stdout).toBe('SEND\nGET\nLIST\nDELETE\nHLIST\nSTAT\n');
  });

  test('a file comes over standard output, once all of it is verified', async () => {
    const world = await OriginalWorld.create();
    const bytes = makeBytes(1_000_003);
    await world.store('file', bytes);
    const spool = join(world.folder, 'spool');
    await mkdir(spool);
    const env = { TMPDIR: spool };
    const { stdout, exitCode } = await world.run(['get', 'file', '-'], { env });
    expect(exitCode).toBe(0);
    expect(Buffer.from(stdout, 'latin1').equals(bytes)).toBe(true);
    expect(await readdir(spool)).toEqual([]);
    await rm(spool, { recursive: true });
    const failed = await world.run(['get', 'file', '-'], { env });
    expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
    const altered = await OriginalWorld.create({ tamper: (payload) => payload.fill(7, 40, 60) });
    await altered.store('file', bytes);
    expect(await altered.run(['get', 'file', '-'])).toMatchObject({ exitCode: 7, stdout: '' });
  });

  test('what a server calls its files cannot control a terminal', async () => {
    const world = await OriginalWorld.create({
      tamper: () => Buffer.from('\u001B[2Jx\nab\u202Ecd'),
      answerLine: () => '200|13\n',
    });
    const { stdout } = await world.run(['ls']);
    expect(Buffer.from(stdout, 'latin1').toString()).toBe('\uFFFD[2Jx\nab\uFFFDcd\n');
  });
});

describe('JSON', () => {
  test('is what every command writes', async () => {
    const world = await OriginalWorld.create();
    await world.write('f', 'four');
    const lines = async (...args: string[]): Promise<Record<string, unknown>[]> => {
      const { exitCode, stdout, stderr } = await world.run(['--json', ...args]);
      expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: '' });
      return jsonLines(stdout);
    };
    expect(await lines('send', 'f')).toMatchObject([
      { type: 'file', local: 'f', remote: 'f', size: 4 },
      { type: 'summary', files: 1, bytes: 4, failed: 0 },
    ]);
    expect(await lines('get', 'f')).toMatchObject([
      { type: 'file', local: 'downloaded_f', remote: 'f', size: 4 },
      { type: 'summary', files: 1 },
    ]);
    expect(await lines('get', '-n', 'f')).toMatchObject([
      { type: 'skipped', local: 'downloaded_f', remote: 'f', reason: 'exists' },
      { type: 'summary', skipped: 1 },
    ]);
    expect(await lines('ls')).toEqual([{ type: 'file', path: 'f' }]);
    expect((await lines('commands'))[0]).toEqual({ type: 'command', name: 'SEND' });
    expect(await lines('rm', 'f')).toEqual([{ type: 'removed', path: 'f' }]);
    const missing = await world.run(['--json', 'get', 'f', 'other']);
    expect(missing.exitCode).toBe(5);
    expect(jsonLines(missing.stdout)).toMatchObject([
      { type: 'error', code: 'not-found', exitCode: 5, local: 'other', remote: 'f' },
      { type: 'summary', failed: 1 },
    ]);
  });
});

describe('a wrong call', () => {
  test.each([
    [['stat', 'a'], '--v1 does not know stat, only send, get, ls, rm, commands'],
    [['mkdir', 'a'], 'does not know mkdir'],
    [['mv', 'a', 'b'], 'does not know mv'],
    [['ping'], 'does not know ping'],
    [['whoami'], 'does not know whoami'],
    [['init', 'localhost'], 'does not know init'],
    [['id'], 'does not know id'],
    [['send'], 'An argument is missing'],
    [['send', '.'], 'no folders'],
    [['send', '-r', 'a'], 'no folders'],
    [['send', '-n', 'a'], 'always replaces'],
    [['send', 'a', 'b', 'c'], 'keeps its own name'],
    [['send', '--to', 'c', 'a', 'b'], 'keeps its own name'],
    [['send', 'a', './a', '/'], 'would become a'],
    [['send', '-'], 'Standard input has no name'],
    [['get', '-r', 'a'], 'no folders'],
    [['get', '-p', 'a'], 'nothing of times'],
    [['ls', 'a'], 'no folders'],
    [['ls', '-l'], 'names alone'],
    [['ls', '-R'], 'no folders'],
    [['rm', '-r', 'a'], 'no folders'],
    [['send', 'a', 'x/y'], 'no folders'],
    [['send', 'a', 'x|y'], '|'],
    [['get', '../server_id.key'], 'no folders'],
    [['get', '..'], '..'],
    [['get', '/etc/passwd'], 'no folders'],
    [['rm', 'a/b'], 'no folders'],
  ])('%j ends with 2, says why, and asks nobody', async (args, reason) => {
    const world = await OriginalWorld.create();
    for (const name of ['a', 'b']) await world.write(name, name);
    const { exitCode, stdout, stderr } = await world.run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toContain(reason);
    expect(world.server.connections).toEqual([]);
    expect(await world.names()).toEqual(['a', 'b']);
  });

  test('standard input has no size', async () => {
    const world = await OriginalWorld.create();
    const { exitCode, stderr } = await world.run(['send', '-', 'name'], { input: 'abc' });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('save them to a file');
    expect(world.server.connections).toEqual([]);
  });
});

describe('trust', () => {
  test('a server whose key nobody has is not asked', async () => {
    const world = await OriginalWorld.create();
    await rm(join(world.work, 'known_server.pub'));
    const { exitCode, stderr } = await world.run(['ls']);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('known_server.pub');
    expect(stderr).toContain('--server-key');
    expect(world.server.connections).toEqual([]);
  });

  test('the key comes from an option, else the folder, else the known servers', async () => {
    const world = await OriginalWorld.create();
    const { publicBase64, publicPem } = newIdentity();
    await rename(join(world.work, 'known_server.pub'), join(world.work, 'right.pub'));
    await world.write('wrong.pub', publicPem);
    expect((await world.run(['ls', '--server-key', 'right.pub'])).exitCode).toBe(0);
    const wrong = await world.run(['ls', '--server-key', 'wrong.pub']);
    expect(wrong.exitCode).toBe(4);
    await mkdir(world.home);
    const rightKey = formatPublicKey(parsePublicKey(world.server.publicPem));
    const address = `127.0.0.1:${world.server.port}`;
    await world.write('../home/known_servers', `${address} ${rightKey}\n`);
    expect((await world.run(['ls'])).exitCode).toBe(0);
    await world.write('../home/known_servers', `${address} ${publicBase64}\n`);
    const changed = await world.run(['ls']);
    expect(changed.exitCode).toBe(4);
    expect(changed.stderr).toContain('HAS CHANGED');
    await rename(join(world.work, 'right.pub'), join(world.work, 'known_server.pub'));
    expect((await world.run(['ls'])).exitCode).toBe(0);
  });

  test('an identity that the server does not know', async () => {
    const world = await OriginalWorld.create();
    for (const name of ['a', 'b']) await world.write(name, name);
    await world.write('client_id.key', newIdentity().privatePem);
    const { exitCode, stderr } = await world.run(['send', '--to', '/', 'a', 'b']);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('authorized_clients.pub');
    // Everybody else would be refused too: nobody asks again.
    expect(world.server.connections).toHaveLength(1);
  });

  test('the key comes from an option, else the folder, else the user’s own', async () => {
    const world = await OriginalWorld.create();
    await rename(join(world.work, 'client_id.key'), join(world.work, 'mine.key'));
    expect((await world.run(['ls', '--identity', 'mine.key'])).exitCode).toBe(0);
    expect((await world.run(['ls'])).exitCode).toBe(2);
    await mkdir(world.home);
    await rename(join(world.work, 'mine.key'), join(world.home, 'client_id.key'));
    expect((await world.run(['ls'])).exitCode).toBe(0);
  });

  test('a key that others can read is used as the original left it, with a warning', async () => {
    const world = await OriginalWorld.create();
    await chmod(join(world.work, 'client_id.key'), 0o644);
    const { exitCode, stderr } = await world.run(['ls']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('chmod 600 client_id.key');
    expect((await world.run(['ls', '-q'])).stderr).toBe('');
    // One that the user names is not the original's.
    const named = await world.run(['ls', '--identity', 'client_id.key']);
    expect(named.exitCode).toBe(2);
  });
});

describe('failures', () => {
  test('one file does not stop the others', async () => {
    const world = await OriginalWorld.create();
    await world.write('b', 'b');
    const sent = await world.run(['send', '--to', '/', 'missing', 'b']);
    expect(sent.exitCode).toBe(1);
    expect(sent.stderr).toContain('missing');
    expect(sent.stderr).toContain('1 failed');
    expect(await world.stored()).toEqual(['b']);
    const removed = await world.run(['rm', 'missing', 'b']);
    expect(removed.exitCode).toBe(5);
    expect(await world.stored()).toEqual([]);
  });

  test('what arrived is not what was sent', async () => {
    const world = await OriginalWorld.create({ tamper: (payload) => payload.fill(0, 30, 40) });
    await world.store('a', makeBytes(100_000));
    await world.write('downloaded_a', 'the older one');
    const { exitCode, stderr } = await world.run(['get', 'a']);
    expect(exitCode).toBe(7);
    expect(stderr).toContain('a: ');
    expect((await world.read('downloaded_a')).toString()).toBe('the older one');
    expect(await world.names()).toEqual(['downloaded_a']);
  });

  test('no server, or one of the newer generation', async () => {
    const world = await OriginalWorld.create();
    await world.server.close();
    expect((await world.run(['ls'])).exitCode).toBe(3);
    const newer = await makeWorld();
    const refused = await newer.run(['ls', '--v1', '--server', newer.address]);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain('--allow-v1');
  });

  test('an interrupted download leaves nothing', async () => {
    const world = await OriginalWorld.create({ stopAfter: 500_000, hang: true });
    await world.store('a', makeBytes(1_000_000));
    const { cwd, env } = world.place;
    const child = start(['--v1', '-v', 'get', 'a'], { cwd, env });
    await untilSaid(child, 'first generation');
    while (!(await world.names()).some((name) => name.endsWith('.part')));
    child.kill('SIGINT');
    expect(finished(await child).exitCode).toBe(130);
    expect(await world.names()).toEqual([]);
  });

  test('a server that stands still is left', async () => {
    const world = await OriginalWorld.create({ stopAfter: 500_000, hang: true });
    await world.store('a', makeBytes(1_000_000));
    expect((await world.run(['get', 'a', '--timeout', '0.3'])).exitCode).toBe(3);
    expect(await world.names()).toEqual([]);
  });
});

test('a variable stands for the option, and 0 for its absence', async () => {
  const world = await makeWorld();
  const env = { E2EEFTP_V1: '1' };
  expect((await world.run(['ping'], { env })).stderr).toContain('does not know ping');
  expect((await world.run(['ping'], { env: { E2EEFTP_V1: '0' } })).exitCode).toBe(0);
});
