import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatPublicKey } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import { runWithoutTerminal, Terminal } from './support/at-terminal.js';
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
    const sent = await new Terminal(world, 'send big').end();
    expect(sent.exitCode).toBe(0);
    expect(sent.shown).toMatch(/\r\u001B\[Kbig {2}\d+ % {2}/u);
    expect(sent.shown).toMatch(/\r\u001B\[KSent big to received\/big: 30 MB in /u);
    const quiet = await new Terminal(world, 'get big copy --quiet').end();
    expect(quiet).toEqual({ exitCode: 0, shown: '' });
    const json = await new Terminal(world, 'get big copy --json').end();
    expect(json.shown).not.toContain('\u001B');
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
    expect(shown).toMatch(/\r\u001B\[K.*e2eeftp:.* .*\r\n$/u);
    expect((await world.names()).join(' ')).toMatch(/^(?:\.big\.\w+\.part)?$/u);
  });
});
