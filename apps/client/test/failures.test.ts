import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { afterThisTest } from './support/cleanup.js';
import { closed, listening } from './support/listening.js';
import { startProxy } from './support/proxy.js';
import { jsonLines, makeBytes, makeWorld, type World } from './support/world.js';
import { formatPublicKey } from '@e2eeftp/client';

/** Options to reach a world's server through a proxy. */
async function through(world: World, port: number): Promise<string[]> {
  await world.write('../server.pub', formatPublicKey(world.identity.publicKey));
  return ['--server', `127.0.0.1:${port}`, '--server-key', '../server.pub'];
}

describe('no connection', () => {
  test('where nobody listens', async () => {
    const world = await makeWorld();
    await world.server.close();
    const { exitCode, stdout, stderr } = await world.run(['ping']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toContain('ECONNREFUSED');
  });

  test('where something else listens, or nothing answers', async () => {
    const world = await makeWorld();
    const other = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const silent = createServer((socket) => socket.on('error', () => undefined).resume());
    for (const server of [other, silent]) {
      await listening(server);
      afterThisTest(() => closed(server));
      const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { exitCode } = await world.run(['ping', '--server', address, '--timeout', '0.5']);
      expect(exitCode).toBe(3);
    }
  });

  test('under a name that does not exist', async () => {
    const world = await makeWorld();
    const { exitCode, stderr } = await world.run(['ping', '--server', 'no-such-host.invalid']);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('no-such-host.invalid');
  });
});

describe('a connection that breaks midway', () => {
  test.each(['break', 'stall'] as const)('in an upload: %s', async (then) => {
    const world = await makeWorld();
    const { port } = world.server.address;
    await world.store('file', 'the older one');
    await world.write('file', makeBytes(20_000_000));
    const proxy = await startProxy(port, { direction: 'up', bytes: 8_000_000, then });
    const options = await through(world, proxy.port);
    const patience = ['--timeout', '2', '--retries', '0'];
    const sent = await world.run(['send', 'file', ...options, ...patience]);
    expect(sent.exitCode).toBe(3);
    expect(sent.stderr).toMatch(/^e2eeftp: .+\n$/u);
    expect(await world.stored('file')).toBe('the older one');
    expect(await world.storedPaths()).toEqual(['file']);
  });

  test.each(['break', 'stall'] as const)('in a download: %s', async (then) => {
    const world = await makeWorld();
    const { port } = world.server.address;
    const content = makeBytes(20_000_000);
    await world.store('big', content);
    await world.write('big', 'the older one');
    const proxy = await startProxy(port, { direction: 'down', bytes: 8_000_000, then });
    const options = await through(world, proxy.port);
    const patience = ['--timeout', '2', '--retries', '0'];
    const got = await world.run(['get', 'big', ...options, ...patience]);
    expect(got.exitCode).toBe(3);
    expect(got.stderr).toMatch(/^e2eeftp: .+\n$/u);
    expect((await world.read('big')).toString()).toBe('the older one');
    // What has come is kept, and the next run goes on with it.
    expect(await world.names()).toEqual([expect.stringMatching(/^\.big\..*\.part$/u), 'big']);
    expect((await world.run(['get', 'big'])).exitCode).toBe(0);
    expect((await world.read('big')).equals(content)).toBe(true);
    expect(await world.names()).toEqual(['big']);
  });

  test.each(['up', 'down'] as const)('is made good by another: %s', async (direction) => {
    const world = await makeWorld();
    await world.write('file', makeBytes(20_000_000));
    await world.store('down', await world.read('file'));
    for (const [flags, said] of [
      [[], /^The connection broke \(.+\); trying again in 1 s\n/u],
      [['--quiet'], /^$/u],
      [['--json'], /^$/u],
    ] as const) {
      const proxy = await startProxy(world.server.address.port, {
        direction,
        bytes: 8_000_000,
        then: 'break-once',
      });
      const options = [...(await through(world, proxy.port)), ...flags, '--timeout', '5'];
      const args = direction === 'up' ? ['send', 'file', 'up'] : ['get', 'down', 'back'];
      const { exitCode, stderr } = await world.run([...args, ...options]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(said) });
      if (direction === 'up') await world.run(['get', 'up', 'back']);
      expect((await world.read('back')).equals(await world.read('file'))).toBe(true);
    }
  });

  test('in a download of a folder keeps whole files only', async () => {
    const world = await makeWorld();
    for (const name of ['a', 'b', 'c', 'd'])
      await world.write(`tree/${name}`, makeBytes(3_000_000));
    await world.storeTree('tree');
    const proxy = await startProxy(world.server.address.port, {
      direction: 'down',
      bytes: 7_000_000,
      then: 'break',
    });
    const options = await through(world, proxy.port);
    await world.shell('mkdir back');
    const getting = ['get', 'tree', 'back'];
    expect((await world.run([...getting, ...options, '--retries', '0'])).exitCode).toBe(3);
    const broken = await world.shell('find back -type f -size -3000000c ! -name ".*.part" | wc -l');
    expect(broken.stdout).toBe('0\n');
    expect((await world.run(getting)).exitCode).toBe(0);
    const { stdout } = await world.shell('diff -r tree back && ls -A back | grep -c part');
    expect(stdout).toBe('0\n');
  });
});

describe('no room', () => {
  test('at the server', async () => {
    const world = await makeWorld({ capacity: 1_000_000 });
    await world.write('big', makeBytes(2_000_000));
    await world.write('small', 'small');
    const { exitCode, stderr } = await world.run(['send', 'big']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('no space left');
    const unknown = await world.shell('e2eeftp send - piped < big');
    expect(unknown.exitCode).toBe(1);
    expect((await world.run(['send', 'big', 'small', 'both'])).exitCode).toBe(1);
    expect((await world.run(['ls', '-R'])).stdout).toBe('both/\nboth/small\n');
  });

  test('where standard output goes', async () => {
    const world = await makeWorld();
    await world.store('f', makeBytes(300_000));
    for (const command of ['get f -', 'ls', 'ls --json', 'id']) {
      const { exitCode, stderr } = await world.shell(`e2eeftp ${command} > /dev/full`);
      expect({ command, exitCode }).toEqual({ command, exitCode: 1 });
      expect(stderr).toMatch(/^e2eeftp: ENOSPC.*\n$/u);
    }
  });

  // Only the system's owner can make a small file system.
  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('on the local disk', async () => {
    const world = await makeWorld();
    const small = join(world.work, 'small');
    await mkdir(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
    afterThisTest(() => {
      execFileSync('umount', [small]);
      return undefined;
    });
    await world.store('big', makeBytes(5_000_000));
    await world.write('small/big', 'the older one');
    const { exitCode, stderr } = await world.run(['get', 'big', 'small/']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('ENOSPC');
    expect((await world.read('small/big')).toString()).toBe('the older one');
    expect((await world.shell('ls -A small')).stdout).toBe('big\n');
  });
});

describe('a name', () => {
  test('that is not there, here or at the server', async () => {
    const world = await makeWorld();
    await world.write('a', 'a');
    const missing = await world.run(['send', 'missing', 'a', 'to']);
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toContain("'missing'");
    expect(missing.stderr).toContain('1 failed');
    for (const args of [
      ['get', 'missing'],
      ['ls', 'missing'],
      ['stat', 'missing'],
      ['rm', 'missing'],
      ['mv', 'missing', 'x'],
    ]) {
      const { exitCode, stdout, stderr } = await world.run(args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: '' });
      expect(stderr).toContain('missing in the vault home');
    }
    expect(await world.names()).toEqual(['a']);
    expect((await world.run(['get', 'to/a', 'no/such/folder/a'])).exitCode).toBe(1);
  });

  test('of a folder where a file is meant, and of a file where a folder is', async () => {
    const world = await makeWorld();
    await world.write('a', 'a');
    await world.write('folder/f', 'f');
    await world.store('a', 'a');
    await world.storeTree('folder');
    await world.store('into/a/f', 'f');
    const cases: [string[], number][] = [
      // A file, where there is a folder of its name.
      [['send', 'a', 'into/'], 6],
      // Below a file, as if it were a folder.
      [['send', 'a', 'a/b'], 6],
      [['send', 'folder', 'a/b'], 6],
      [['mkdir', 'a'], 6],
      [['ls', 'a/b'], 5],
      [['get', 'a/b'], 5],
      [['get', 'a', 'a/b'], 1],
      [['get', 'folder', 'a'], 1],
      [['mv', 'a', 'into/'], 6],
      [['rm', 'folder'], 6],
    ];
    for (const [args, expected] of cases) {
      const { exitCode, stderr } = await world.run(args);
      expect({ args, exitCode }).toEqual({ args, exitCode: expected });
      expect(stderr).toMatch(/^e2eeftp: .+\n$/u);
    }
    await mkdir(join(world.work, 'here/a'), { recursive: true });
    expect((await world.run(['get', 'a', 'here/'])).exitCode).toBe(1);
    expect(await world.stored('a')).toBe('a');
    expect((await world.read('a')).toString()).toBe('a');
  });

  test.each([
    '..',
    'a/../b',
    '/a',
    'a//b',
    'a\\b',
    'a\nb',
    'x'.repeat(256),
    'd/'.repeat(40),
    'a b:x',
    ':x',
  ])('that the path rules refuse: %j', async (name) => {
    const world = await makeWorld();
    await world.write('f', 'f');
    for (const args of [
      ['get', name],
      ['send', 'f', name],
    ]) {
      const { exitCode, stdout, stderr } = await world.run(args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(/^e2eeftp: .+\n$/u);
    }
    expect(await world.names()).toEqual(['f']);
  });

  test('that cannot be sent is reported, and the others are sent', async () => {
    const world = await makeWorld();
    await world.write('tree/good', 'good');
    await world.write('tree/bad\\name', 'bad');
    await world.write('tree/bad\u001B[31mname', 'bad');
    await symlink('good', join(world.work, 'tree/\u0007'));
    const { exitCode, stderr } = await world.run(['send', 'tree']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Sent tree/good to home:tree/good');
    expect(stderr).toContain('1 skipped, 2 failed');
    expect(stderr).toContain('tree/bad\uFFFD[31mname');
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/u);
    const json = await world.run(['send', 'tree', '--json']);
    expect(json.stdout).not.toMatch(/[^ -~\n]/u);
    const errors = jsonLines(json.stdout).filter(({ type }) => type === 'error');
    expect(errors.map(({ local }) => local)).toContain('tree/bad\u001B[31mname');
  });

  test('that is odd is shown harmlessly by ls', async () => {
    const world = await makeWorld();
    const name = 'a\u202Eb\u200Bc\u2066d';
    await world.store(name, '');
    const plain = await world.run(['ls']);
    expect(Buffer.from(plain.stdout, 'latin1').toString()).toBe('a\uFFFDb\uFFFDc\uFFFDd\n');
    const json = await world.run(['ls', '--json']);
    expect(json.stdout).toContain('a\\u202eb\\u200bc\\u2066d');
    expect(jsonLines(json.stdout)).toMatchObject([{ path: name, type: 'file', size: 0 }]);
  });
});
