import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { ConfigurationFile, formatServerAddress, parseServerAddress } from '../../src/index.js';
import { failureOf, makeFolder } from './support.js';

async function makeFile(text?: string): Promise<ConfigurationFile> {
  const path = join(await makeFolder(), 'config.toml');
  if (text !== undefined) await writeFile(path, text);
  return new ConfigurationFile(path);
}

describe('an address', () => {
  test.each([
    ['files.example.org', 'files.example.org:5001'],
    ['Files.Example.ORG:22', 'files.example.org:22'],
    ['127.0.0.1:65535', '127.0.0.1:65535'],
    ['::1', '[::1]:5001'],
    ['[::1]', '[::1]:5001'],
    ['[FE80::1]:5001', '[fe80::1]:5001'],
  ])('%s is %s', (text, expected) => {
    const address = parseServerAddress(text);
    expect(formatServerAddress(address)).toBe(expected);
    expect(parseServerAddress(expected)).toEqual(address);
  });

  test.each([
    '',
    ':',
    ':5001',
    'host:',
    'host:0',
    'host:65536',
    'host:1e3',
    'host:-1',
    'host:123456',
    '[::1',
    '::1]',
    '[host]:5001',
    '[]:5001',
    'a b',
    'a:b:c',
    'user@host',
    'host/path',
    'host:5001\n',
  ])('%j is none', async (text) => {
    expect((await failureOf(() => parseServerAddress(text))).code).toBe('bad-configuration');
  });
});

describe('a configuration', () => {
  test('that is missing says nothing', async () => {
    const file = await makeFile();
    expect(await file.findServer()).toBeUndefined();
    expect((await failureOf(file.findServer('office'))).code).toBe('bad-configuration');
  });

  test('keeps profiles; the first becomes the default', async () => {
    const file = await makeFile();
    await file.saveProfile('office', { host: 'a.example', port: 5001 });
    await file.saveProfile('home', { host: '::1', port: 6000 });
    await file.saveProfile('home', { host: '::1', port: 6001 });
    expect(await file.findServer()).toEqual({ host: 'a.example', port: 5001 });
    expect(await file.findServer('home')).toEqual({ host: '::1', port: 6001 });
    expect([...(await file.read()).profiles.keys()]).toEqual(['office', 'home']);
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
  });

  test('that says already what is to be saved is not touched', async () => {
    const text = '# mine\ndefault = "a"\n[profiles.a]\nhost = "h"\nport = 1 # one\n';
    const file = await makeFile(text);
    await file.saveProfile('a', { host: 'h', port: 1 });
    expect(await readFile(file.path, 'utf8')).toBe(text);
  });

  test.each([
    'default = 5',
    'default = "a"\nprofile = 1',
    'profiles = 1',
    'profiles = []',
    '[profiles]\na = "host"',
    '[profiles.a]\nport = 5001',
    '[profiles.a]\nhost = ""\nport = 5001',
    '[profiles.a]\nhost = "h"',
    '[profiles.a]\nhost = "h"\nport = "5001"',
    '[profiles.a]\nhost = "h"\nport = 0',
    '[profiles.a]\nhost = "h"\nport = 70000',
    '[profiles.a]\nhost = "h"\nport = 1.5',
    '[profiles.a]\nhost = "h"\nport = 1\nprot = 2',
    '[profiles.a',
    '\u0000',
  ])('%j is refused, by its name, and not overwritten', async (text) => {
    const file = await makeFile(text);
    const failure = await failureOf(file.read());
    expect(failure.code).toBe('bad-configuration');
    expect(failure.message).toContain(file.path);
    await failureOf(file.saveProfile('b', { host: 'h', port: 1 }));
    expect(await readFile(file.path, 'utf8')).toBe(text);
  });

  test('whose default is not there says so', async () => {
    const file = await makeFile('default = "gone"');
    expect((await failureOf(file.findServer())).message).toContain('"gone"');
  });

  test.each(['', 'a b', 'a.b', '[x]', 'é', 'a'.repeat(65), '"'])('%j is no name', async (name) => {
    const file = await makeFile();
    const failure = await failureOf(file.saveProfile(name, { host: 'h', port: 1 }));
    expect(failure.code).toBe('bad-configuration');
    await expect(stat(file.path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('keeps a profile that is called like something every object has', async () => {
    const file = await makeFile();
    await file.saveProfile('constructor', { host: 'h', port: 1 });
    expect(await file.findServer('constructor')).toEqual({ host: 'h', port: 1 });
    expect((await failureOf(file.findServer('toString'))).code).toBe('bad-configuration');
  });
});
