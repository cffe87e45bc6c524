import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Identity } from '@e2eeftp/server';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { keyOf, Playground, run } from './support/program.js';

let playground: Playground;
let config: string;

beforeEach(async () => {
  playground = await Playground.make();
  config = join(playground.data, 'server.toml');
});
afterEach(async () => {
  await playground.remove();
});

async function write(...lines: string[]): Promise<void> {
  await writeFile(config, lines.join('\n'));
}

/** How the server logs, found out by what it says. */
async function formatWith(args: readonly string[], env: Record<string, string>): Promise<string> {
  const server = playground.launch(['--config', config, ...args], { env });
  await server.listening();
  const { output } = server;
  await server.end();
  return output.startsWith('{') ? 'json' : 'pretty';
}

describe('an argument counts more than a variable, that more than the file', () => {
  test.each([
    [[], {}, 'pretty'],
    [[], { E2EEFTP_SERVER_LOG_FORMAT: 'json' }, 'json'],
    [['--log-format', 'pretty'], { E2EEFTP_SERVER_LOG_FORMAT: 'json' }, 'pretty'],
    [['--log-format', 'pretty'], { E2EEFTP_SERVER_LOG_FORMAT: 'nonsense' }, 'pretty'],
    [[], { E2EEFTP_SERVER_LOG_FORMAT: '' }, 'pretty'],
  ])('%j %j', async (args, env, expected) => {
    await write('port = 0', 'log-format = "pretty"', `data = ${JSON.stringify(playground.data)}`);
    expect(await formatWith(args, env)).toBe(expected);
  });
});

test('the file can be a variable, and names the data directory for every command', async () => {
  const data = join(playground.data, 'files');
  await write(`data = ${JSON.stringify(data)}`, 'port = 0', 'log-format = "json"');
  const env = { E2EEFTP_SERVER_CONFIG: config };
  const identity = Identity.generate();
  expect((await run(['authorize', keyOf(identity)], { env })).exitCode).toBe(0);
  expect((await run(['clients', '--config', config])).stdout.split('\n')).toHaveLength(2);
  const server = playground.launch([], { env });
  await server.listening();
  await server.end();
  expect((await run(['revoke', keyOf(identity)], { env })).exitCode).toBe(0);
  expect(await readdir(data)).toContain('server_id.key');
  expect(await readFile(join(data, 'authorized_clients.pub'), 'utf8')).toBe('');
});

describe('mistakes in the file', () => {
  test('are all told of, each with file and line, and nothing is started', async () => {
    await write('prot = 5002', '', 'port = "0"', 'drain = "soon"', 'data', 'x.y = 1', 'port = 1');
    const outcome = await playground.run(['--config', config]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outcome.stderr.split('\n')).toEqual([
      `e2eeftp-server: ${config}:1: prot is no setting; did you mean port?`,
      `e2eeftp-server: ${config}:3: port must be a whole number without quotes`,
      expect.stringMatching(/server\.toml:4: drain must be a time .*, not "soon"$/u),
      expect.stringMatching(/server\.toml:5: is no TOML: /u),
      `e2eeftp-server: ${config}:6: x is a table; settings stand by themselves, without tables`,
      `e2eeftp-server: ${config}:7: port is set in line 3 already`,
    ]);
    expect(await readdir(playground.data)).toEqual(['server.toml']);
  });

  test('keep other commands from working where the data directory could be meant', async () => {
    await write('dta = "/srv/e2eeftp"', 'port = "x"');
    const { exitCode, stderr } = await run(['clients', '--config', config]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `e2eeftp-server: ${config}:1: dta is no setting; did you mean data?`,
    });
  });
});

test.each([
  [['--idle-timeout', '5 minutes'], /^e2eeftp-server: --idle-timeout must be a time/u],
  [['--connections', '-1'], /--connections must be a whole number/u],
  [['--metrics', 'x'], /--metrics must be an address and a port/u],
  [['--on-upload', ''], /--on-upload needs a value/u],
  [['--durability', 'none'], /--durability must be full or relaxed/u],
  [['--allow-v1=write'], /--allow-v1 stands alone or as --allow-v1=read/u],
])('%j is not understood', async (args, message) => {
  const { exitCode, stderr } = await playground.run(args);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
  expect(await readdir(playground.data)).toEqual([]);
});

test('of an option that is given several times, the last one counts', async () => {
  const server = await playground.start(['--log-level', 'nonsense', '--log-level', 'debug']);
  expect(await server.end()).toMatchObject({ exitCode: 0 });
});

test('a limit is kept', async () => {
  const identity = Identity.generate();
  await playground.run(['authorize', keyOf(identity)]);
  await write('file-size = "10B"', 'connections = 1', 'log-format = "json"');
  const server = await playground.start(['--config', config]);
  const client = await playground.connect(server, identity);
  await client.send(Buffer.alloc(10), 'received/fits');
  await expect(client.send(Buffer.alloc(11), 'received/large')).rejects.toMatchObject({
    code: 'too-large',
  });
  await expect(playground.connect(server, identity)).rejects.toThrow();
  await server.until(/refused a connection: there are too many/u);
});
