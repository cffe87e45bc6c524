import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatPublicKey } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import { compareCapture } from './support/captures.js';
import { mainPath } from './support/program.js';
import { startProxy } from './support/proxy.js';
import { Terminal } from './support/terminal.js';
import { makeBytes, makeWorld, type World } from './support/world.js';

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

/** Someone's working folder, and what the same person has on the server. */
async function makeScene(): Promise<World> {
  const world = await makeWorld();
  await world.write('report.pdf', makeBytes(1_834_000));
  await world.write('video.mp4', makeBytes(48_000_000));
  await world.write('letters/to-anna.txt', makeBytes(2_300));
  await world.write('letters/to-ben.txt', makeBytes(1_700));
  await world.write('letters/old/to-cleo.txt', makeBytes(4_100));
  await world.run(['send', '--to', 'home:', 'letters', 'report.pdf']);
  const vaults = join(world.folder, 'data', 'vaults');
  const time = new Date('2026-05-31T08:15:00Z');
  for (const name of await readdir(vaults, { recursive: true })) {
    await utimes(join(vaults, name), time, time);
  }
  return world;
}

/** A terminal at which commands are typed to a shell. */
async function open(world: World, env: Record<string, string> = {}): Promise<Terminal> {
  const bin = join(world.folder, 'bin');
  await mkdir(bin);
  const program = `#!/bin/sh\nexec "${process.execPath}" "${mainPath}" "$@"\n`;
  await writeFile(join(bin, 'e2eeftp'), program, { mode: 0o755 });
  const path = `${bin}:${process.env['PATH'] ?? ''}`;
  const terminal = new Terminal(world, '', {
    program: 'bash --noprofile --norc -i',
    env: {
      PATH: path,
      PS1: '$ ',
      BASH_SILENCE_DEPRECATION_WARNING: '1',
      INPUTRC: '/dev/null',
      ...env,
    },
    columns: 100,
    rows: 30,
  });
  await prompted(terminal, '$ ');
  return terminal;
}

async function prompted(terminal: Terminal, prompt: string): Promise<void> {
  await terminal.screen.until(() => terminal.screen.typed === prompt);
}

async function enter(terminal: Terminal, line: string, prompt = '$ '): Promise<void> {
  const above = terminal.screen.lines.length;
  terminal.type(`${line}\r`);
  const { screen } = terminal;
  await screen.until(() => screen.lines.length > above && screen.typed === prompt);
}

async function clear(terminal: Terminal): Promise<void> {
  terminal.type('\f');
  await terminal.screen.until((text) => text === '$');
}

/** What is seen, without the prompt that waits for more. */
async function expectCapture(name: string, terminal: Terminal): Promise<void> {
  const text = terminal.screen.text.replace(/\n(?:\$|e2eeftp .*>)$/u, '');
  const { documented, captured } = await compareCapture(name, text);
  expect(captured).toBe(documented);
}

/** The way to the server, which stands still after some bytes. */
async function stalling(world: World, direction: 'up' | 'down', bytes: number) {
  await world.write('../server.pub', formatPublicKey(world.identity.publicKey));
  const { port } = await startProxy(world.server.address.port, { direction, bytes, then: 'stall' });
  const env = { E2EEFTP_SERVER: `127.0.0.1:${port}`, E2EEFTP_SERVER_KEY: '../server.pub' };
  // Slow enough for several looks at how far it is.
  return { ...env, E2EEFTP_TIMEOUT: '60', E2EEFTP_LIMIT_RATE: '20M' };
}

describeOnLinux('the documentation shows', () => {
  test('a transfer under way', async () => {
    const world = await makeScene();
    const terminal = await open(world, await stalling(world, 'up', 30_000_000));
    terminal.type('e2eeftp send video.mp4\r');
    await terminal.shows(/[3-9]\d %/u);
    await expectCapture('progress', terminal);
  });

  test('transfers that are done, listings, and failures', async () => {
    const world = await makeScene();
    const terminal = await open(world);
    await enter(terminal, 'e2eeftp send video.mp4');
    await enter(terminal, 'e2eeftp send letters archive/');
    await expectCapture('send', terminal);
    await clear(terminal);
    await world.run(['rm', '-r', 'video.mp4', 'archive']);
    await enter(terminal, 'e2eeftp ls');
    await enter(terminal, 'e2eeftp ls -l letters');
    await expectCapture('list', terminal);
    await clear(terminal);
    await enter(terminal, 'e2eeftp get letters copies');
    await enter(terminal, 'e2eeftp get report.pdf - | wc -c');
    await expectCapture('get', terminal);
    await clear(terminal);
    await enter(terminal, 'e2eeftp get reprot.pdf');
    await enter(terminal, 'echo $?');
    await expectCapture('error', terminal);
  }, 60_000);

  test('the shell', async () => {
    const world = await makeScene();
    const terminal = await open(world);
    await enter(terminal, 'e2eeftp shell', 'e2eeftp home:> ');
    await enter(terminal, 'cd letters', 'e2eeftp home:letters> ');
    await enter(terminal, 'put report.pdf', 'e2eeftp home:letters> ');
    await enter(terminal, 'mv *.txt old', 'e2eeftp home:letters> ');
    await enter(terminal, 'ls', 'e2eeftp home:letters> ');
    await enter(terminal, 'cd', 'e2eeftp home:> ');
    terminal.type('get letters/old/\t');
    await prompted(terminal, 'e2eeftp home:> get letters/old/to-');
    terminal.type('\t');
    await terminal.shows(/to-ben\.txt +to-cleo\.txt *\n/u);
    terminal.type('b\t');
    await prompted(terminal, 'e2eeftp home:> get letters/old/to-ben.txt ');
    await enter(terminal, '', 'e2eeftp home:> ');
    await enter(terminal, 'exit');
    await expectCapture('shell', terminal);
  });

  test('a transfer in the shell that is interrupted', async () => {
    const world = await makeScene();
    await world.run(['send', 'video.mp4']);
    const terminal = await open(world, await stalling(world, 'down', 20_000_000));
    await enter(terminal, 'e2eeftp shell', 'e2eeftp home:> ');
    terminal.type('get video.mp4 copy.mp4\r');
    await terminal.shows(/[3-9]\d %/u);
    terminal.type('\u0003');
    await prompted(terminal, 'e2eeftp home:> ');
    await expectCapture('interrupted', terminal);
  });
});
