import { readFileSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { fingerprint, Identity } from '@e2eeftp/server';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Client } from '@e2eeftp/client';

import { HookReceiver, metricsOf } from './support/http.js';
import { keyOf, Playground, type RunningServer } from './support/program.js';

let playground: Playground;
let identity: Identity;
let receiver: HookReceiver | undefined;

beforeEach(async () => {
  playground = await Playground.make();
  identity = Identity.generate();
  await playground.run(['authorize', keyOf(identity), '--name', 'alice']);
});
afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
  await playground.remove();
});

/** A program that a hook can run. */
async function script(...lines: string[]): Promise<string> {
  const path = join(playground.data, 'hook script');
  await writeFile(path, `#!/bin/sh\n${lines.join('\n')}\n`);
  await chmod(path, 0o755);
  return path;
}

async function startWith(...args: string[]): Promise<{ server: RunningServer; client: Client }> {
  const server = await playground.start(['--metrics', '127.0.0.1:0', ...args]);
  return { server, client: await playground.connect(server, identity) };
}

function logged(server: RunningServer, message: string): readonly Record<string, unknown>[] {
  return server.log.filter(({ msg }) => msg === message);
}

const told = /an upload hook was told/u;
const failed = /an upload hook could not be told/u;

describe('a program', () => {
  test('is told of each upload, in variables and on standard input', async () => {
    const out = join(playground.data, 'out');
    const path = await script(`{ env; echo; cat; } > "$1.tmp"; mv "$1.tmp" "$1"`);
    const { server, client } = await startWith('--on-upload', `'${path}' '${out}'`);
    await client.send(Buffer.from('content'), 'received/a/report.pdf');
    await server.until(told);
    const file = join(playground.data, 'received/a/report.pdf');
    const [variables = '', input = ''] = (await readFile(out, 'utf8')).split('\n\n');
    const facts = JSON.parse(input) as Record<string, unknown>;
    expect(facts).toEqual({
      event: 'upload',
      id: expect.stringMatching(/^[\da-f-]{36}$/u),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u),
      path: 'received/a/report.pdf',
      file,
      size: 7,
      client: fingerprint(identity.publicKey),
      name: 'alice',
    });
    const ours = variables.split('\n').filter((line) => line.startsWith('E2EEFTP_'));
    expect(ours.sort()).toEqual([
      `E2EEFTP_CLIENT=${fingerprint(identity.publicKey)}`,
      'E2EEFTP_CLIENT_NAME=alice',
      `E2EEFTP_FILE=${file}`,
      `E2EEFTP_ID=${String(facts['id'])}`,
      'E2EEFTP_PATH=received/a/report.pdf',
      'E2EEFTP_SIZE=7',
    ]);
    const metrics = await metricsOf(server);
    expect(metrics.get('e2eeftp_hook_deliveries_total{hook="command",outcome="delivered"}')).toBe(
      1,
    );
  });

  test('never takes a name for a command or an option', async () => {
    const out = join(playground.data, 'out');
    const path = await script(
      `echo "$#:$*" >> "${out}"`,
      `printf '%s\\n' "$E2EEFTP_PATH" >> "${out}"`,
    );
    const { server, client } = await startWith('--on-upload', `'${path}' -x`);
    const marker = join(playground.data, 'marker');
    const names = [
      '--help',
      `$(touch ${marker.replaceAll('/', '.')})`,
      '`id`',
      '; id',
      '*',
      "'",
      '"',
      '-rf',
    ];
    for (const name of names) {
      await client.send(Buffer.from('x'), `received/${name}`);
      await server.until(new RegExp(`(?:[^]*${told.source}){${names.indexOf(name) + 1}}`, 'u'));
    }
    const lines = (await readFile(out, 'utf8')).trim().split('\n');
    expect(lines).toEqual(names.flatMap((name) => ['1:-x', `received/${name}`]));
  });

  test('that fails is run again, and the log says what it said', async () => {
    const count = join(playground.data, 'count');
    const path = await script(
      'cat > /dev/null',
      `echo x >> '${count}'`,
      `[ "$(wc -l < '${count}')" -gt 1 ] && exit 0`,
      String.raw`printf 'no \033[31mroom' >&2`,
      'exit 3',
    );
    const { server, client } = await startWith('--on-upload', `'${path}'`);
    await client.send(Buffer.from('x'), 'received/x');
    await server.until(told);
    const [entry] = logged(server, 'an upload hook failed and is tried again');
    expect(entry).toMatchObject({
      hook: 'command',
      path: 'received/x',
      attempt: 1,
      reason: 'it exited with 3; it said: no \uFFFD[31mroom',
    });
    const metrics = await metricsOf(server);
    expect(metrics.get('e2eeftp_hook_retries_total{hook="command"}')).toBe(1);
  });

  test('that hangs is ended with all that it has started, and no transfer waits for it', async () => {
    const pids = join(playground.data, 'pids');
    const path = await script(`sleep 1000 & echo $! $$ > '${pids}'`, 'wait');
    const { server, client } = await startWith(
      ...['--on-upload', `'${path}'`, '--on-upload-timeout', '300ms', '--drain', '100ms'],
    );
    for (let index = 0; index < 20; index++) {
      await client.send(Buffer.from('x'), `received/${index}`);
    }
    await server.until(/it did not end in time/u);
    expect(await server.end()).toMatchObject({ exitCode: 0 });
    const ended = (await readFile(pids, 'utf8')).trim().split(' ');
    while (ended.some(isAlive)) await delay(10);
  });

  test('that reads nothing, says much, or is missing does no harm', async () => {
    const path = await script('exec <&-; yes | head -c 3000000; yes | head -c 3000000 >&2');
    const { server, client } = await startWith('--on-upload', `'${path}'`);
    await client.send(Buffer.from('x'), 'received/x');
    await server.until(told);
    await server.end();
    const { server: other, client: one } = await startWith(
      ...['--on-upload', '/nowhere/program', '--drain', '100ms'],
    );
    await one.send(Buffer.from('x'), 'received/x');
    await other.until(/it could not be started \(spawn \/nowhere\/program ENOENT\)/u);
    expect(await other.end()).toMatchObject({ exitCode: 0 });
  });

  test('under way at the end is waited for; what has no time left is told of', async () => {
    const done = join(playground.data, 'done');
    const path = await script('sleep 1', `echo x >> '${done}'`);
    const first = await startWith('--on-upload', `'${path}'`, '--drain', '60s');
    await first.client.send(Buffer.from('x'), 'received/x');
    expect(await first.server.end()).toMatchObject({ exitCode: 0 });
    expect(await readFile(done, 'utf8')).toBe('x\n');
    expect(logged(first.server, 'an upload hook was told')).toHaveLength(1);

    const hang = await script('sleep 1000');
    const second = await startWith('--on-upload', `'${hang}'`, '--drain', '100ms');
    for (let index = 0; index < 6; index++) {
      await second.client.send(Buffer.from('x'), `received/${index}`);
    }
    expect(await second.server.end()).toMatchObject({ exitCode: 0 });
    expect(logged(second.server, 'an upload hook could not be told')).toHaveLength(4);
    expect(logged(second.server, 'an upload hook is not told')).toHaveLength(2);
  });
});

describe('a web server', () => {
  test('is told of each upload, again when it fails', async () => {
    receiver = await HookReceiver.start((count) => (count === 1 ? 503 : 204));
    const { server, client } = await startWith('--on-upload-url', receiver.url);
    await client.send(Buffer.from('content'), 'received/report.pdf');
    await server.until(told);
    const [first, second] = receiver.received;
    expect(first?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(first?.body ?? '')).toMatchObject({ event: 'upload', size: 7 });
    // So that it can see that this is the same upload.
    expect(second?.body).toBe(first?.body);
    const metrics = await metricsOf(server);
    expect(metrics.get('e2eeftp_hook_deliveries_total{hook="url",outcome="delivered"}')).toBe(1);
    expect(metrics.get('e2eeftp_hook_waiting{hook="url"}')).toBe(0);
    expect(await server.end()).toMatchObject({ exitCode: 0 });
    expect(server.output).not.toContain('hunter2');
  });

  test.each([400, 404, 307])('that answers with %d is not asked again', async (status) => {
    receiver = await HookReceiver.start(() => status);
    const { server, client } = await startWith('--on-upload-url', receiver.url);
    await client.send(Buffer.from('x'), 'received/x');
    await server.until(failed);
    expect(receiver.received).toHaveLength(1);
    const [entry] = logged(server, 'an upload hook could not be told');
    expect(entry).toMatchObject({ attempt: 1, reason: `it answered with status ${status}` });
  });

  test('that never answers holds neither a transfer nor the end up', async () => {
    receiver = await HookReceiver.start(() => undefined);
    const { server, client } = await startWith(
      ...['--on-upload-url', receiver.url, '--on-upload-timeout', '200ms', '--drain', '500ms'],
    );
    for (let index = 0; index < 10; index++) {
      await client.send(Buffer.from('x'), `received/${index}`);
    }
    await server.until(/it did not answer in time/u);
    expect(await server.end()).toMatchObject({ exitCode: 0 });
  });

  test('that is not there is told of in the log', async () => {
    receiver = await HookReceiver.start(() => 200);
    const { url } = receiver;
    await receiver.close();
    receiver = undefined;
    const { server, client } = await startWith('--on-upload-url', url, '--drain', '100ms');
    await client.send(Buffer.from('x'), 'received/x');
    await server.until(/it could not be reached \(ECONNREFUSED\)/u);
    expect(await server.end()).toMatchObject({ exitCode: 0 });
    expect(server.output).not.toContain('hunter2');
  });
});

/** Whoever has ended may still wait for its parent to take notice. */
function isAlive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return !/^State:\s*Z/mu.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
