import { describe, expect, test } from '@jest/globals';

import { jsonLines, makeWorld } from './support/world.js';

const commandNames = [
  'init',
  'id',
  'passphrase',
  'trust',
  'send',
  'get',
  'ls',
  'stat',
  'mkdir',
  'mv',
  'rm',
  'ping',
  'whoami',
  'commands',
  'shell',
  'completion',
];

describe('a wrong call', () => {
  test.each([
    [[], 'A command is missing'],
    [['bogus'], 'There is no command "bogus"'],
    [['send'], 'An argument is missing'],
    [['get'], 'An argument is missing'],
    [['get', 'a', 'b', 'c'], '"c" is one argument too many'],
    [['mv', 'a'], 'An argument is missing'],
    [['ls', 'a', 'b'], 'too many'],
    [['id', 'x'], 'too many'],
    [['ls', '--bogus'], 'bogus'],
    [['ls', '-X'], 'X'],
    [['--bogus'], 'bogus'],
    [['ls', '--server'], 'server'],
    [['ls', '--server', 'a:b:c'], '"a:b:c" is no address'],
    [['ls', '--timeout', 'soon'], '--timeout'],
    [['ls', '--timeout', '-1'], '--timeout'],
    [['ls', '--retries', 'often'], '--retries'],
    [['ls', '--retries', '-1'], '--retries'],
    [['ls', '--retries', '1.5'], '--retries'],
    [['ls', '--retries', '1e3'], '--retries'],
    [['ls', '--retries'], 'retries'],
    [['ls', '--connections', '0'], '--connections'],
    [['ls', '--connections', 'all'], '--connections'],
    [['ls', '--limit-rate', 'fast'], '--limit-rate'],
    [['ls', '--limit-rate', '0'], '--limit-rate'],
    [['ls', '--limit-rate', '-5M'], '--limit-rate'],
    [['ls', '--limit-rate', '5T'], '--limit-rate'],
    [['ls', '--limit-rate', '9K'], '--limit-rate'],
    [['ls', '--limit-rate', '1M', '--v1'], '--limit-rate and --v1'],
    [['ls', '--retries', '1', '--v1'], '--retries and --v1'],
    [['init'], 'HOST is missing'],
    [['init', 'a', '--protect', '--unprotected'], 'not both'],
    [['passphrase', '--remove', '--new-passphrase-file', 'f'], 'not both'],
    [['passphrase', 'secret'], 'too many'],
    [['trust'], 'An argument is missing'],
    [['trust', 'bogus'], 'list, add or remove'],
    [['trust', 'list', 'x'], 'too many'],
    [['trust', 'add'], 'needs HOST'],
    [['trust', 'remove', 'a', 'b'], 'too many'],
  ])('%j ends with 2 and says why', async (args, reason) => {
    const world = await makeWorld();
    const { exitCode, stdout, stderr } = await world.run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toContain(reason);
  });

  test('shows the help of the command that was meant', async () => {
    const world = await makeWorld();
    const { stderr } = await world.run(['send']);
    expect(stderr).toContain('e2eeftp send LOCAL... [REMOTE]');
    expect(stderr).toContain('--no-clobber');
    expect((await world.run([])).stderr).toContain('e2eeftp whoami');
  });
});

describe('help', () => {
  test('names every command, and the exit codes', async () => {
    const world = await makeWorld();
    const { exitCode, stdout, stderr } = await world.run(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const name of commandNames) expect(stdout).toContain(`e2eeftp ${name} `);
    expect(stdout).toContain('130 interrupted');
  });

  test('is there for a command', async () => {
    const world = await makeWorld();
    const { exitCode, stdout } = await world.run(['rm', '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('e2eeftp rm REMOTE...');
    expect(stdout).toContain('-r, --recursive');
  });

  test('says the version', async () => {
    const world = await makeWorld();
    expect((await world.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/u);
  });
});

describe('a variable', () => {
  test('stands for an option', async () => {
    const world = await makeWorld();
    const { stdout } = await world.run(['ping'], { env: { E2EEFTP_JSON: 'true' } });
    expect(jsonLines(stdout)).toMatchObject([{ type: 'pong' }]);
    const off = await world.run(['ping'], { env: { E2EEFTP_JSON: '0', E2EEFTP_VERBOSE: '' } });
    expect(off.stdout).toContain('The server answered');
    const server = await world.run(['ping'], { env: { E2EEFTP_SERVER: 'a:b:c' } });
    expect(server.exitCode).toBe(2);
    // What stands on the command line counts more.
    const both = await world.run(['ping', '--server', world.address], {
      env: { E2EEFTP_SERVER: 'a:b:c' },
    });
    expect(both.exitCode).toBe(0);
  });

  test('that makes no sense is an error, and one that is not known is none', async () => {
    const world = await makeWorld();
    const { exitCode, stderr } = await world.run(['ping'], { env: { E2EEFTP_QUIET: 'perhaps' } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('E2EEFTP_QUIET');
    for (const name of ['TIMEOUT', 'RETRIES', 'CONNECTIONS', 'LIMIT_RATE']) {
      const wrong = await world.run(['ping'], { env: { [`E2EEFTP_${name}`]: 'x' } });
      expect({ name, exitCode: wrong.exitCode }).toEqual({ name, exitCode: 2 });
    }
    const right = { E2EEFTP_RETRIES: '0', E2EEFTP_CONNECTIONS: '1', E2EEFTP_LIMIT_RATE: '1.5m' };
    expect((await world.run(['ping'], { env: right })).exitCode).toBe(0);
    expect((await world.run(['ping'], { env: { E2EEFTP_SLOW: '1' } })).exitCode).toBe(0);
  });
});

describe('JSON', () => {
  test('is what every command writes', async () => {
    const world = await makeWorld();
    await world.write('tree/f', 'four');
    const types = async (...args: string[]): Promise<unknown[]> => {
      const { exitCode, stdout, stderr } = await world.run(['--json', ...args]);
      expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: '' });
      return jsonLines(stdout).map(({ type }) => type);
    };
    expect(await types('init', world.address)).toEqual(['init']);
    expect(await types('id')).toEqual(['identity']);
    expect(await types('trust', 'list')).toEqual(['known-server']);
    expect(await types('trust', 'add', world.address)).toEqual(['trusted']);
    expect(await types('send', 'tree')).toEqual(['file', 'summary']);
    expect(await types('send', '-n', 'tree', '')).toEqual(['skipped', 'summary']);
    expect(await types('get', 'tree', 'back')).toEqual(['file', 'summary']);
    expect(await types('ls', '-R')).toEqual(['directory', 'file']);
    expect(await types('stat', 'tree/f')).toEqual(['file']);
    expect(await types('mkdir', 'a/b')).toEqual(['directory']);
    expect(await types('mv', 'tree/f', 'a')).toEqual(['renamed']);
    expect(await types('rm', '-r', 'a')).toEqual(['removed']);
    expect(await types('ping')).toEqual(['pong']);
    expect(await types('whoami')).toEqual(['whoami']);
    expect(new Set(await types('commands'))).toEqual(new Set(['command']));
  }, 90_000);

  test('says how many, and what failed', async () => {
    const world = await makeWorld();
    await world.write('f', 'four');
    const { exitCode, stdout, stderr } = await world.run(['send', '--json', 'f', 'missing', 'to/']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    const lines = jsonLines(stdout);
    expect(lines).toContainEqual({ type: 'file', local: 'f', remote: 'home:to/f', size: 4 });
    expect(lines).toContainEqual(
      expect.objectContaining({ type: 'error', code: 'local-file', exitCode: 1, local: 'missing' }),
    );
    expect(lines.at(-1)).toMatchObject({
      type: 'summary',
      files: 1,
      directories: 0,
      bytes: 4,
      skipped: 0,
      failed: 1,
    });
    const refused = await world.run(['stat', 'missing', '--json']);
    expect(jsonLines(refused.stdout)).toMatchObject([
      { type: 'error', code: 'not-found', exitCode: 5 },
    ]);
  });
});
