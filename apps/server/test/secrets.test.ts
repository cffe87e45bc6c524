import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Identity } from '@e2eeftp/server';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { ask, HookReceiver, metricsUrl } from './support/http.js';
import { keyOf, Playground, type RunningServer } from './support/program.js';

let playground: Playground;
let receiver: HookReceiver;

beforeEach(async () => {
  playground = await Playground.make();
  receiver = await HookReceiver.start((count) => (count === 1 ? 500 : 200));
});
afterEach(async () => {
  await receiver.close();
  await playground.remove();
});

/** A secret in every form in which a program could print it. */
function formsOf(secret: Uint8Array): readonly string[] {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify([...bytes]).slice(1, -1);
  const hex = bytes.toString('hex');
  return [
    bytes.toString('base64').slice(0, 40),
    bytes.toString('base64url').slice(0, 40),
    hex,
    hex.match(/../gu)?.join(' ') ?? '',
    json,
    json.replaceAll(',', ', '),
  ];
}

async function expectNoSecrets(texts: readonly string[], identity: Identity): Promise<void> {
  const pem = await readFile(join(playground.data, 'server_id.key'), 'utf8');
  const body = pem.split('\n')[1] ?? '';
  const serverSeed = Buffer.from(body, 'base64').subarray(-32);
  expect(serverSeed).toHaveLength(32);
  const secrets = [
    ...formsOf(serverSeed),
    ...formsOf(identity.exportSeed()),
    body,
    'PRIVATE KEY',
    'hunter2',
    'secret content',
  ];
  for (const text of texts) for (const secret of secrets) expect(text).not.toContain(secret);
}

/** Reads all, and keeps nothing. */
async function drain(values: AsyncGenerator): Promise<void> {
  while ((await values.next()).done !== true);
}

/** Everything that a client can do, well and badly. */
async function useAll(server: RunningServer, identity: Identity): Promise<void> {
  const client = await playground.connect(server, identity);
  await client.send(Buffer.from('secret content'), 'received/a');
  await drain(client.read('received/a'));
  await drain(client.list(''));
  await client.stat('received/missing').catch(() => undefined);
  await client.rename('received/a', 'received/b');
  await client.remove('received/b');
  await client.request('NO-SUCH', { secret: 'secret content' }).catch(() => undefined);
  await playground.connect(server, Identity.generate()).catch(() => undefined);
  await receiver.until(2);
  await client.close();
}

test('nothing that a session logs, measures or reports holds a secret', async () => {
  const identity = Identity.generate();
  await playground.run(['authorize', keyOf(identity), '--name', 'alice']);
  const program = join(playground.data, 'program');
  await writeFile(program, '#!/bin/sh\nexit 1\n');
  await chmod(program, 0o755);
  const config = join(playground.data, 'server.toml');
  const lines = [
    'log-level = "debug"',
    'allow-v1 = true',
    'metrics = "127.0.0.1:0"',
    'drain = "100ms"',
    `on-upload = [${JSON.stringify(program)}, "--token", "hunter2"]`,
    `on-upload-url = ${JSON.stringify(receiver.url)}`,
  ];
  await writeFile(config, lines.join('\n'));
  const server = await playground.start(['--config', config]);
  await useAll(server, identity);
  // A mistake in the line that holds a secret must not show it either.
  await writeFile(
    config,
    [...lines, 'on-upload-url = https://x/?hunter2', 'x = "hunter2'].join('\n'),
  );
  server.signal('SIGHUP');
  await server.until(/everything stays as it was/u);
  const { body: metrics } = await ask(`${metricsUrl(server)}/metrics`);
  const checked = await playground.run(['check', '--json', '--port', '0', '--config', config]);
  const ended = await server.end();
  const texts = [server.output, ended.stderr, metrics, checked.stdout, checked.stderr];
  expect(server.output).toContain('"command":"SEND"');
  await expectNoSecrets(texts, identity);
});

test('a session is one line a connection, a command and a refusal', async () => {
  const identity = Identity.generate();
  await playground.run(['authorize', keyOf(identity)]);
  const server = await playground.start();
  const client = await playground.connect(server, identity);
  await client.send(Buffer.from('x'), 'received/a');
  await client.stat('received/b').catch(() => undefined);
  await playground.connect(server, Identity.generate()).catch(() => undefined);
  await client.close();
  await server.until(/client disconnected/u);
  await server.end();
  const messages = server.log.map(({ msg }) => msg);
  expect(messages).toEqual([
    'listening',
    'client connected',
    'command',
    'command',
    'refused a client that is not authorized',
    'client disconnected',
    'closing; a second signal ends everything at once',
    'closed',
  ]);
});
