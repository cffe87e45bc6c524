import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { describeMistake } from '../../src/settings/mistake.js';
import { readSettingsFile } from '../../src/settings/settings-file.js';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-settings-'));
  file = join(folder, 'server.toml');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function read(content: string | Uint8Array): Promise<{ values: unknown; wrong: string[] }> {
  await writeFile(file, content);
  const { values, mistakes } = await readSettingsFile(file);
  const settings = [...values].map(([name, { value }]) => [name, value]);
  return { values: Object.fromEntries(settings), wrong: mistakes.map(describeMistake) };
}

test.each([
  ['port = 0', { port: 0 }],
  ['port = 0x1F', { port: 31 }],
  ['connections = 1_000', { connections: 1000 }],
  ['idle-timeout = 90', { 'idle-timeout': 90_000 }],
  ['idle-timeout = "1.5m"', { 'idle-timeout': 90_000 }],
  ['drain = 0', { drain: 0 }],
  ['upload-ttl = "365d"', { 'upload-ttl': 31_536_000_000 }],
  ['file-size = 5', { 'file-size': 5 }],
  ['file-size = "unlimited"', { 'file-size': undefined }],
  ['failure-delays = false', { 'failure-delays': false }],
  ['failure-delays = "on"', { 'failure-delays': true }],
  ['allow-v1 = true', { 'allow-v1': 'all' }],
  ['allow-v1 = false', { 'allow-v1': undefined }],
  ['allow-v1 = "read"', { 'allow-v1': 'read' }],
  ['metrics = "[::1]:9464"', { metrics: { host: '::1', port: 9464 } }],
  ['metrics = "localhost:0"', { metrics: { host: 'localhost', port: 0 } }],
  ['metrics = "off"', { metrics: undefined }],
  [`on-upload = "/bin/a 'b c' $d"`, { 'on-upload': ['/bin/a', 'b c', '$d'] }],
  ['on-upload = ["/bin/a b", "", "\'"]', { 'on-upload': ['/bin/a b', '', "'"] }],
  ['on-upload-url = "https://x/?y"', { 'on-upload-url': new URL('https://x/?y') }],
  ['\uFEFFport = 1\r\n', { port: 1 }],
  ['', {}],
])('%j', async (text, expected) => {
  const { values, wrong } = await read(text);
  expect(wrong).toEqual([]);
  expect(JSON.stringify(values)).toBe(JSON.stringify(expected));
});

describe('mistakes', () => {
  test.each([
    ['port = 65536', /port must be a number from 0 to 65535/u],
    ['port = 1.5', /port must be a whole number/u],
    ['port = true', /port must be a whole number/u],
    ['connections = 0', /connections must be a whole number from 1/u],
    ['workers = 0', /workers must be a whole number from 1/u],
    ['idle-timeout = 0', /idle-timeout must be a time from 1ms/u],
    ['idle-timeout = "30d"', /idle-timeout must be a time from 1ms to 24d/u],
    ['idle-timeout = 1979-05-27', /idle-timeout must be a text in quotes or a whole number/u],
    ['file-size = "20 GB"', /file-size must be a size such as 20GB/u],
    ['failure-delays = 1', /failure-delays must be true or false/u],
    ['failure-delays = "perhaps"', /failure-delays must be on or off/u],
    ['log-level = "loud"', /log-level must be silent, error, warn, info or debug/u],
    ['metrics = "9464"', /metrics must be an address and a port/u],
    ['metrics = ":9464"', /metrics must be an address and a port/u],
    ['metrics = "127.0.0.1:99999"', /metrics must be an address and a port/u],
    ['on-upload = []', /on-upload must name a program/u],
    ['on-upload = ""', /on-upload must name a program/u],
    ['on-upload = ["a", 1]', /on-upload must be a list of texts/u],
    ['on-upload = "a \'b"', /on-upload must close its quotes/u],
    ['on-upload-url = "ftp://x/"', /on-upload-url must be a web address/u],
    ['on-upload-url = "https://u:p@x/"', /on-upload-url must hold no user name/u],
    ['allow-v1 = "write"', /allow-v1 stands alone or as --allow-v1=read/u],
    ['[server]', /server is a table/u],
    ['"\\u001b[2J" = 1', /is no setting/u],
  ])('%s', async (line, message) => {
    const { values, wrong } = await read(`# x\n${line}`);
    expect(values).toEqual({});
    expect(wrong).toEqual([expect.stringMatching(message)]);
    expect(wrong[0]?.startsWith(`${file}:2: `)).toBe(true);
  });

  test('a file that is none, too large or no text', async () => {
    expect((await read(Buffer.of(0x61, 0xff))).wrong).toEqual([`${file}: is no UTF-8 text`]);
    expect((await read('#'.repeat(65_536))).wrong).toEqual([]);
    expect((await read('#'.repeat(65_537))).wrong).toEqual([`${file}: has more than 65536 bytes`]);
    const [missing] = (await readSettingsFile(join(folder, 'missing'))).mistakes;
    expect(missing?.message).toMatch(/ENOENT/u);
    const [directory] = (await readSettingsFile(folder)).mistakes;
    expect(directory?.message).toMatch(/EISDIR/u);
  });
});
