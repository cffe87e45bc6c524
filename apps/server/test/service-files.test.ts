import { readFile } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';

import { isSettingName, settingNames, variableOf } from '../src/settings/table.js';

/** What a unit file sets, by section; a name can be set several times. */
async function unit(name: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const settings = new Map<string, string[]>();
  let section = '';
  for (const line of (await deployed(name)).split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const heading = /^\[(?<name>[A-Z][a-z]+)\]$/u.exec(line)?.groups?.['name'];
    if (heading !== undefined) {
      section = heading;
      continue;
    }
    const [, key = '', value = ''] = /^([A-Z][A-Za-z0-9]+)=(.*)$/u.exec(line) ?? [];
    expect({ line, section, key }).not.toMatchObject({ key: '' });
    settings.set(`${section}.${key}`, [...(settings.get(`${section}.${key}`) ?? []), value]);
  }
  return settings;
}

function deployed(name: string): Promise<string> {
  return readFile(new URL(`../deploy/${name}`, import.meta.url), 'utf8');
}

/** Splits the instructions of a Containerfile, each with its continuation lines. */
function instructions(text: string): readonly string[] {
  return text
    .replaceAll(/\\\n\s*/gu, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the unit of the service', () => {
  test('starts the program with the configuration, and stops it as it wants', async () => {
    const service = await unit('e2eeftp-server.service');
    expect(service.get('Service.ExecStart')).toEqual([
      '/usr/bin/env e2eeftp-server start --config /etc/e2eeftp/server.toml',
    ]);
    expect(service.get('Service.Type')).toEqual(['notify']);
    // The program that notifies is a process of its own.
    expect(service.get('Service.NotifyAccess')).toEqual(['all']);
    expect(service.get('Service.ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
    // Otherwise hooks would get the signal too, and could not be waited for.
    expect(service.get('Service.KillMode')).toEqual(['mixed']);
    expect(Number(service.get('Service.TimeoutStopSec')?.[0])).toBeGreaterThan(20);
    expect(service.get('Service.WorkingDirectory')).toEqual(['/var/lib/e2eeftp']);
    expect(service.get('Service.StateDirectory')).toEqual(['e2eeftp']);
  });

  test.each([
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['AmbientCapabilities', ''],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['PrivateTmp', 'yes'],
    ['PrivateDevices', 'yes'],
    ['PrivateUsers', 'yes'],
    ['ProtectProc', 'invisible'],
    ['RestrictNamespaces', 'yes'],
    ['RestrictSUIDSGID', 'yes'],
    ['SystemCallArchitectures', 'native'],
    // Unix sockets hold the data directory, and tell systemd.
    ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX'],
  ])('keeps %s at "%s"', async (name, value) => {
    expect((await unit('e2eeftp-server.service')).get(`Service.${name}`)).toEqual([value]);
  });

  test('sets nothing that Node cannot work with, and nothing twice', async () => {
    const service = await unit('e2eeftp-server.service');
    expect(service.has('Service.MemoryDenyWriteExecute')).toBe(false);
    expect(service.get('Service.User')).not.toEqual(['root']);
    const repeated = [...service].filter(([, values]) => values.length > 1);
    expect(repeated).toEqual([
      ['Service.SystemCallFilter', ['@system-service', '~@privileged @resources']],
    ]);
  });
});

test('the unit of the socket opens one, for the service of its name', async () => {
  const socket = await unit('e2eeftp-server.socket');
  expect(socket.get('Socket.ListenStream')).toEqual(['5001']);
  // The server accepts by itself.
  expect(socket.has('Socket.Accept')).toBe(false);
  expect(socket.has('Socket.Service')).toBe(false);
});

test('the user of the service is made', async () => {
  const service = await unit('e2eeftp-server.service');
  const user = service.get('Service.User')?.[0] ?? '';
  expect(await deployed('e2eeftp-server.sysusers')).toMatch(new RegExp(`^u ${user} `, 'mu'));
});

describe('the container', () => {
  test('is built in stages, and is run by nobody in particular', async () => {
    const lines = instructions(await deployed('Containerfile'));
    const bases = lines.filter((line) => line.startsWith('FROM '));
    expect(bases).toEqual(['FROM node:20-slim AS build', 'FROM node:20-slim']);
    const last = lines.slice(lines.lastIndexOf('FROM node:20-slim'));
    expect(last).toContain('USER node');
    expect(last.indexOf('USER node')).toBeLessThan(
      last.findIndex((line) => line.startsWith('ENTRYPOINT')),
    );
    expect(last).toContain('ENTRYPOINT ["e2eeftp-server"]');
    expect(last).toContain('VOLUME /data');
  });

  test('sets variables that the program knows, and looks after its health where it is', async () => {
    const lines = instructions(await deployed('Containerfile'));
    const variables =
      lines
        .find((line) => line.startsWith('ENV '))
        ?.slice(4)
        .split(' ') ?? [];
    const ours = variables.map((pair) => pair.split('=') as [string, string]);
    const known = settingNames.map((name) => variableOf(name));
    const set = ours.filter(([name]) => name.startsWith('E2EEFTP_'));
    expect(set.filter(([name]) => !known.includes(name))).toEqual([]);
    const metrics = Object.fromEntries(set)['E2EEFTP_SERVER_METRICS'] ?? '';
    const health = lines.find((line) => line.startsWith('HEALTHCHECK '));
    expect(health).toContain(`http://${metrics}/healthz`);
  });

  test('is not built from what lies about', async () => {
    expect((await deployed('Containerfile.dockerignore')).split('\n')).toEqual(
      expect.arrayContaining(['.git', '**/node_modules', '**/dist']),
    );
  });
});

test('names are settings only when the table has them', () => {
  expect(isSettingName('port')).toBe(true);
  for (const name of ['', 'config', '__proto__', 'toString', 'Port']) {
    expect(isSettingName(name)).toBe(false);
  }
});
