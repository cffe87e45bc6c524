import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { Playground } from './support/program.js';

let playground: Playground;

beforeEach(async () => {
  playground = await Playground.make();
});
afterEach(async () => {
  await playground.remove();
});

/** Variables with which a program is found that stands for systemd-notify. */
async function notifier(script: string): Promise<Record<string, string>> {
  const folder = join(playground.data, 'bin');
  await mkdir(folder);
  const program = join(folder, 'systemd-notify');
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o755);
  return { PATH: `${folder}:${process.env['PATH'] ?? ''}`, NOTIFY_SOCKET: '/nowhere' };
}

test('systemd hears once clients are served, and when the end begins', async () => {
  const words = join(playground.data, 'words');
  const server = await playground.start([], { env: await notifier(`echo "$*" >> '${words}'`) });
  const said = (): Promise<string> => readFile(words, 'utf8').catch(() => '');
  while ((await said()) === '') await delay(5);
  expect(await said()).toBe('READY=1\n');
  expect(await server.end()).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await said()).toBe('READY=1\nSTOPPING=1\n');
});

test('whoever did not ask hears nothing', async () => {
  const words = join(playground.data, 'words');
  const env = await notifier(`echo "$*" >> '${words}'`);
  const server = await playground.start([], { env: { ...env, NOTIFY_SOCKET: '' } });
  await server.end();
  await expect(readFile(words)).rejects.toThrow();
});

test('that it cannot be told is logged, and the server serves all the same', async () => {
  const server = await playground.start([], { env: await notifier('exit 4') });
  await server.until(/"reason":"it exited with 4","msg":"systemd could not be told/u);
  expect(await server.end()).toMatchObject({ exitCode: 0 });
});
