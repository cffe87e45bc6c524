import { createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatPublicKey } from '@e2eeftp/client';
import { beforeEach, describe, expect, test } from '@jest/globals';

import { afterThisTest } from './support/cleanup.js';
import { closed, listening } from './support/listening.js';
import { startProxy } from './support/proxy.js';
import { jsonLines, makeBytes, makeWorld, type World } from './support/world.js';

/** A failure of the program: its arguments, its code and exit code, and what its message says. */
type Case = readonly [
  args: readonly string[],
  code: string,
  exitCode: number,
  ...words: readonly string[],
];

let world: World;

beforeEach(async () => {
  world = await makeWorld();
  await world.write('key', formatPublicKey(world.identity.publicKey));
});

/** Each message says what happened, to what, and what to do next; programs get the same. */
async function expectFailure([args, code, exitCode, ...words]: Case): Promise<void> {
  const [text, json] = await Promise.all([world.run(args), world.run([...args, '--json'])]);
  expect({ args, exitCode: text.exitCode, stdout: text.stdout }).toEqual({
    args,
    exitCode,
    stdout: '',
  });
  for (const word of words) expect(text.stderr).toContain(word);
  const errors = jsonLines(json.stdout).filter(({ type }) => type === 'error');
  expect(errors).toEqual([expect.objectContaining({ type: 'error', code, exitCode })]);
}

async function served(server: NetServer): Promise<string> {
  await listening(server);
  afterThisTest(() => closed(server));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function at(address: string): string[] {
  return ['--server', address, '--server-key', 'key'];
}

describe('a message', () => {
  test('about the connection', async () => {
    const other = await served(
      createServer((socket) => {
        socket.on('error', () => undefined).resume();
        socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      }),
    );
    const silent = await served(
      createServer((socket) => socket.on('error', () => undefined).resume()),
    );
    const hasty = await served(
      createServer((socket) => {
        socket
          .on('error', () => undefined)
          .resume()
          .end();
      }),
    );
    const nobody = world.address;
    await world.server.close();
    for (const each of [
      [['ping', ...at(nobody)], 'unreachable', 3, nobody, 'whether the server runs'],
      [['ping', ...at('a.invalid')], 'unreachable', 3, 'a.invalid:5001', 'check the name'],
      [['ping', ...at(other)], 'not-e2eeftp', 3, 'Check host and port'],
      [['ping', ...at(silent), '--timeout', '0.3'], 'timed-out', 3, '300 ms', '--timeout'],
      [['ping', ...at(hasty)], 'disconnected', 3, 'ended', 'Try again'],
    ] satisfies Case[]) {
      await expectFailure(each);
    }
  });

  test('about a connection that breaks', async () => {
    await world.write('f', makeBytes(3_000_000));
    const { port } = await startProxy(world.server.address.port, {
      direction: 'up',
      bytes: 1_000_000,
      then: 'break',
    });
    const args = ['send', 'f', '--retries', '0', ...at(`127.0.0.1:${port}`)];
    await expectFailure([args, 'disconnected', 3, 'Try again']);
  });

  test('about trust and access', async () => {
    const readOnly = await makeWorld({ access: 'ro' });
    const stranger = await makeWorld({ authorized: false });
    await world.write('f', 'f');
    await world.write('ro', formatPublicKey(readOnly.identity.publicKey));
    await world.write('stranger', formatPublicKey(stranger.identity.publicKey));
    const own = (await world.run(['id'])).stdout.split('\n');
    readOnly.authorized.add(own[0] ?? '');
    const unknown = ['--server', readOnly.address];
    for (const each of [
      [
        ['ls', ...unknown],
        'unknown-server',
        4,
        readOnly.address,
        readOnly.fingerprint,
        'e2eeftp init',
      ],
      [['ls', '--server-key', 'ro'], 'changed-server', 4, world.fingerprint, 'ask its operator'],
      [
        ['ls', '--server', stranger.address, '--server-key', 'stranger'],
        'not-authorized',
        4,
        own[1] ?? '?',
        'ask its operator',
      ],
      [
        ['send', 'f', ...unknown, '--server-key', 'ro'],
        'not-allowed',
        4,
        'home',
        'ask its operator',
      ],
    ] satisfies Case[]) {
      await expectFailure(each);
    }
  });

  test('about what is at the server', async () => {
    await world.write('f', 'f');
    await world.write('tree/g', 'g');
    await world.run(['send', 'f']);
    await world.run(['send', 'tree']);
    for (const each of [
      [['get', 'missing'], 'not-found', 5, 'missing in the vault home', 'list its folder'],
      [['mv', 'missing', 'x'], 'not-found', 5, 'missing in the vault home', 'list its folder'],
      [['rm', 'tree'], 'conflict', 6, 'home:tree', 'is not empty'],
      [['send', 'f', 'f/below'], 'conflict', 6, 'f is', 'in the way'],
      [['send', 'f', 'a/../b'], 'bad-name', 2, '"." or ".."'],
      [['ls', 'a b:x'], 'bad-name', 2, '"a b"', 'write "home:a b:x"'],
      [['ls', 'team:x'], 'not-found', 5, '"team"', 'e2eeftp vault join'],
      [['mv', 'f', 'plain:f'], 'bad-name', 2, 'home:', 'plain:', 'get it'],
    ] satisfies Case[]) {
      await expectFailure(each);
    }
  });

  test('about what is here', async () => {
    await world.write('f', 'f');
    await world.run(['send', 'f']);
    await mkdir(join(world.work, 'in-the-way'));
    await writeFile(join(world.home, 'bad.key'), 'nonsense', { mode: 0o600 });
    for (const each of [
      [['send', 'missing'], 'local-file', 1, "'missing'", 'check the path'],
      [['get', 'f', 'no/such/folder'], 'local-file', 1, 'no/such/', 'check the path'],
      [['get', 'f', 'key/f'], 'local-file', 1, 'key/', 'is no folder'],
      [['ping', '--server-key', 'missing'], 'local-file', 1, "'missing'", 'check the path'],
      [['ping', '--identity', 'missing'], 'bad-identity', 2, 'missing', 'e2eeftp id'],
      [['ping', '--identity', '../home/bad.key'], 'bad-identity', 2, 'bad.key', 'no PRIVATE KEY'],
      [['ping', '--profile', 'none'], 'bad-configuration', 2, '"none"', 'e2eeftp init HOST'],
    ] satisfies Case[]) {
      await expectFailure(each);
    }
    await writeFile(join(world.home, 'known_servers'), 'nonsense\n');
    await expectFailure([['ping'], 'bad-configuration', 2, 'known_servers, line 1', 'remove it']);
  });

  test('about room', async () => {
    world = await makeWorld({ capacity: 100_000 });
    await world.write('f', makeBytes(200_000));
    await expectFailure([['send', 'f'], 'no-space', 1, 'home:f', 'remove something']);
  });
});
