import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { fingerprint, Identity } from '@e2eeftp/crypto';

import { builtinCommands, defineCommand } from '../src/index.js';
import { Fixture, type LogEntry } from './support/fixture.js';
import { Observed } from './support/observed.js';
import { Peer, untilHungUp } from './support/peer.js';

const broken = defineCommand({
  name: 'BREAK',
  summary: 'Does not work',
  args: z.looseObject({}),
  effect: 'none',
  handler: async () => {
    throw new Error('the reason');
  },
});

/** What stands on every line of a connection, or differs from run to run. */
const shared = new Set(['peer', 'client', 'name', 'milliseconds']);

let fixture: Fixture;
let observed: Observed;
afterEach(async () => {
  await fixture.close();
});

describe.each(['TCP', 'memory'] as const)('what is told over %s', (way) => {
  async function start(): Promise<{ peer: Peer; identity: Identity }> {
    observed = new Observed();
    const commands = [...builtinCommands, broken];
    fixture = await Fixture.start({ way, observer: observed, commands });
    const identity = fixture.authorize('rw', 'Alice');
    return { peer: await Peer.connect(await fixture.open(), identity), identity };
  }

  async function end(peer: Peer): Promise<void> {
    await peer.close();
    await fixture.untilConnections(0);
  }

  /** The lines about commands, without what differs from run to run. */
  function commandLines(): { level: string; [field: string]: unknown }[] {
    return fixture.log
      .filter(({ message }) => message === 'command' || message === 'a command failed')
      .map(({ level, fields }) => {
        expect(fields['milliseconds']).toEqual(expect.any(Number));
        const own = Object.entries(fields).filter(
          ([field, value]) => !shared.has(field) && value !== undefined,
        );
        return { level, ...Object.fromEntries(own) };
      });
  }

  test('of a connection is a line at its beginning and one at its end', async () => {
    const { peer, identity } = await start();
    await peer.send('received/f', Buffer.alloc(1000));
    await peer.call('GET', { path: 'received/f', offset: 600 });
    await peer.call('PING');
    await end(peer);
    const client = fingerprint(identity.publicKey);
    const of = (message: string): LogEntry[] => fixture.logged(message);
    expect(of('client connected')).toMatchObject([
      { level: 'info', fields: { client, name: 'Alice', suite: expect.any(Number) } },
    ]);
    expect(of('client disconnected')).toMatchObject([
      {
        level: 'info',
        fields: { client, name: 'Alice', commands: 3, received: 1000, sent: 400 },
      },
    ]);
    const isOfConnection = ({ message }: LogEntry): boolean =>
      message !== 'listening' && message !== 'command';
    expect(fixture.log.filter(isOfConnection)).toHaveLength(2);
    for (const { fields } of fixture.log.filter(({ message }) => message !== 'listening')) {
      expect(fields['peer']).toEqual(
        way === 'TCP' ? expect.stringMatching(/^127\.0\.0\.1:\d+$/u) : 'memory',
      );
    }
    expect([observed.opened, observed.closed]).toEqual([1, 1]);
    expect(observed.handshakes).toEqual(['established']);
  });

  test('of each command is a line, and an event that says the same', async () => {
    const { peer } = await start();
    await peer.send('received/f', 'four');
    await peer.get('received/f');
    await peer.get('received/none');
    await peer.call('RENAME', { from: 'received/f', to: 'received/g' });
    await peer.call('no such word');
    await peer.call('PING', { surplus: true });
    await peer.call('BREAK', { path: 'received/g' });
    await end(peer);
    const nothing = { received: 0, sent: 0 };
    expect(commandLines()).toEqual([
      { level: 'info', command: 'SEND', path: 'received/f', status: 226, received: 4, sent: 0 },
      { level: 'info', command: 'GET', path: 'received/f', status: 200, received: 0, sent: 4 },
      { level: 'info', command: 'GET', path: 'received/none', status: 404, ...nothing },
      {
        level: 'info',
        command: 'RENAME',
        from: 'received/f',
        to: 'received/g',
        status: 200,
        ...nothing,
      },
      { level: 'info', command: 'no such word', status: 400, ...nothing },
      { level: 'info', command: 'PING', status: 400, ...nothing },
      {
        level: 'error',
        command: 'BREAK',
        path: 'received/g',
        status: 500,
        ...nothing,
        err: expect.objectContaining({ message: 'the reason' }),
      },
    ]);
    expect(observed.commands.map(({ command, status }) => [command, status])).toEqual([
      ['SEND', 226],
      ['GET', 200],
      ['GET', 404],
      ['RENAME', 200],
      ['unknown', 400],
      ['PING', 400],
      ['BREAK', 500],
    ]);
    for (const { milliseconds, generation } of observed.commands) {
      expect(generation).toBe(2);
      expect(milliseconds).toBeGreaterThanOrEqual(0);
    }
    const sum = (field: 'received' | 'sent'): number =>
      observed.commands.reduce((total, facts) => total + facts[field], 0);
    expect([sum('received'), sum('sent')]).toEqual([4, 4]);
    expect(observed.files).toMatchObject([
      { path: 'received/f', size: 4, client: { name: 'Alice' } },
    ]);
  });

  test('of a transfer that broke are the bytes that were moved', async () => {
    const { peer } = await start();
    await peer.send('received/big', Buffer.alloc(30_000_000));
    const other = await fixture.connect();
    await other.request('SEND', { path: 'received/half' }, true);
    await other.data(Buffer.alloc(5000));
    while (fixture.uploads < 2) await new Promise((resolve) => void setImmediate(resolve));
    other.transport.destroy();
    await fixture.untilConnections(1);
    await peer.request('GET', { path: 'received/big' });
    await peer.response();
    peer.transport.destroy();
    await fixture.untilConnections(0);
    const unheard = fixture.logged('the client did not wait for the answer');
    expect(unheard).toMatchObject([
      { level: 'info', fields: { command: 'SEND', path: 'received/half', sent: 0 } },
      { level: 'info', fields: { command: 'GET', path: 'received/big', received: 0 } },
    ]);
    const [upload, download] = unheard.map(({ fields }) => fields);
    expect(upload?.['received']).toBe(5000);
    expect(download?.['sent']).toBeLessThan(30_000_000);
    expect(observed.files.map(({ path }) => path)).toEqual(['received/big']);
    const closings = fixture.logged('client disconnected').map(({ fields }) => fields);
    expect(closings).toMatchObject([
      { commands: 1, received: 5000, sent: 0 },
      { commands: 2, received: 30_000_000, sent: download?.['sent'] },
    ]);
  });

  test('of who is refused is one line, and no more than it may cost', async () => {
    const { peer } = await start();
    const stranger = new Peer(await fixture.open(), Identity.generate());
    await stranger.begin();
    await stranger.ending();
    stranger.transport.destroy();
    const noise = await fixture.open();
    await noise.write([Buffer.alloc(60_000, '\u001B[2J')]);
    await untilHungUp(noise);
    await end(peer);
    const messages = fixture.log.map(({ message }) => message).filter((m) => m !== 'listening');
    expect(messages.sort()).toEqual([
      'client connected',
      'client disconnected',
      'connection ended',
      'refused a client that is not authorized',
    ]);
    expect(observed.handshakes.filter((outcome) => outcome === 'failed')).toHaveLength(2);
    expect([observed.opened, observed.closed]).toEqual([3, 3]);
  });

  test('nothing that a client says can move a terminal or forge a line', async () => {
    const { peer } = await start();
    const evil = 'a\u001B[2J\n{"level":"info"}\u202Eb\u009B31m\u0000';
    await peer.call(evil.slice(0, 60), { path: evil, from: evil, to: evil });
    await peer.call('GET', { path: evil });
    await peer.call('GET', { path: 'x'.repeat(60_000) });
    await end(peer);
    const text = JSON.stringify(fixture.log.map(({ fields }) => Object.values(fields)));
    expect(text).not.toMatch(/\\u001b|\\n|\u202E|\u009B|\\u0000/iu);
    expect(text.length).toBeLessThan(10_000);
  });

  test('an observer that throws nothing and does nothing is enough', async () => {
    fixture = await Fixture.start({ way, observer: {} });
    const peer = await fixture.connect();
    expect(await peer.send('received/f', 'x')).toMatchObject({ status: 226 });
    expect(await peer.close()).toEqual({ status: 200, text: 'OK' });
  });
});
