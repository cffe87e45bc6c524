import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { fingerprint, Identity } from '@e2eeftp/crypto';
import type { Access, CborMap } from '@e2eeftp/protocol';

import { Fixture, settings } from './support/fixture.js';
import { handshake, Peer, untilHungUp } from './support/peer.js';

const requests: Readonly<Record<string, CborMap>> = {
  HLIST: {},
  PING: {},
  WHOAMI: {},
  LIST: { path: 'received' },
  STAT: { path: 'received/f' },
  GET: { path: 'received/f' },
  DIGEST: { path: 'received/f' },
  DELETE: { path: 'received/g' },
  RENAME: { from: 'received/f', to: 'received/h' },
  MKDIR: { path: 'received/d' },
  CHMOD: { path: 'received/h', mode: 0o640 },
};

const harmless = ['HLIST', 'PING', 'WHOAMI'];
const allowed: Readonly<Record<Access, readonly string[]>> = {
  rw: [...Object.keys(requests), 'SEND'],
  admin: [...Object.keys(requests), 'SEND'],
  ro: [...harmless, 'LIST', 'STAT', 'GET', 'DIGEST'],
  wo: [...harmless, 'SEND'],
};

describe.each(settings)('who may do what over $way with files $files', (setting) => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await Fixture.start(setting);
  });
  afterEach(async () => {
    await fixture.close();
  });

  test.each(Object.keys(allowed) as Access[])(
    '%s may do what it says, and no more',
    async (access) => {
      const owner = await fixture.connect();
      await owner.send('received/f', 'F');
      await owner.send('received/g', 'G');
      const peer = await fixture.connect(access);
      expect(peer.welcome?.access).toBe(access);
      const seen: string[] = [];
      for (const [command, args] of Object.entries(requests)) {
        const { status, text, result } = await peer.call(command, args);
        if (status < 300) seen.push(command);
        else
          expect({ status, text, result }).toEqual({
            status: 403,
            text: 'Not allowed',
            result: null,
          });
      }
      const { status } = await peer.send('received/new', 'N');
      if (status === 226) seen.push('SEND');
      else expect(status).toBe(403);
      expect(seen).toEqual(allowed[access]);
    },
  );

  test('what is refused has no effect and tells nothing', async () => {
    const owner = await fixture.connect();
    await owner.send('received/f', 'F');
    const reader = await fixture.connect('ro');
    await reader.send('received/f', 'changed');
    await reader.call('DELETE', { path: 'received/f' });
    expect(await owner.get('received/f')).toBe('F');
    const writer = await fixture.connect('wo');
    expect(await writer.get('received/f')).toBe(await writer.get('received/none'));
  });

  test('a client that is not known hears 403 and nothing else', async () => {
    const stranger = new Peer(await fixture.open(), Identity.generate());
    await stranger.begin();
    await stranger.request('PING');
    await stranger.offer('received/f', 'x');
    expect(await stranger.next()).toEqual({
      type: 'close',
      close: { status: 403, text: 'Not allowed' },
    });
    stranger.transport.destroy();
    const owner = await fixture.connect();
    expect(await owner.get('received/f')).toBe(404);
    expect(fixture.logged('refused a client that is not authorized')).toMatchObject([
      { level: 'warn', fields: { client: expect.stringMatching(/^(?:[A-Z2-7]{5}-?){4}$/u) } },
    ]);
  });

  test('a client that claims an authorized key without having it hears nothing', async () => {
    const victim = fixture.authorize();
    const impostor = Identity.generate();
    const forged = {
      publicKey: victim.publicKey,
      sign: (message: Uint8Array) => impostor.sign(message),
    };
    const transport = await fixture.open();
    await handshake(transport, forged as unknown as Identity);
    expect(await untilHungUp(transport)).toBe(0);
    expect(fixture.logged('client connected')).toEqual([]);
    expect(fixture.logged('refused a client that is not authorized')).toEqual([]);
  });

  test('a client that loses its right loses an idle connection, with a word', async () => {
    const identity = fixture.authorize();
    const peer = await Peer.connect(await fixture.open(), identity);
    const other = await fixture.connect();
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
    fixture.revoke(identity);
    expect(await peer.ending()).toEqual({ status: 403, text: 'Not allowed' });
    expect(await other.call('PING')).toMatchObject({ status: 200 });
  });

  test('a client that loses its right loses a transfer under way', async () => {
    const identity = fixture.authorize();
    const peer = await Peer.connect(await fixture.open(), identity);
    await peer.request('SEND', { path: 'received/f' }, true);
    await peer.data(Buffer.alloc(1000));
    const observer = await fixture.connect();
    fixture.revoke(identity);
    expect(await peer.ending()).toBe('cut off');
    expect(await observer.get('received/f')).toBe(404);
    expect(
      fixture.logged('ended a connection: its client has lost its authorization'),
    ).toMatchObject([{ fields: { client: fingerprint(identity.publicKey) } }]);
  });

  test('a client that cannot be looked up again is let go, and no other', async () => {
    const identity = fixture.authorize();
    const peer = await Peer.connect(await fixture.open(), identity);
    const other = await fixture.connect();
    fixture.fail(identity);
    expect(await peer.ending()).toEqual({ status: 403, text: 'Not allowed' });
    expect(await other.call('PING')).toMatchObject({ status: 200 });
    const again = new Peer(await fixture.open(), identity);
    await again.begin();
    expect(await again.ending()).toBe('cut off');
    expect(await (await fixture.connect()).call('PING')).toMatchObject({ status: 200 });
  });

  test.each([1, 2] as const)('cipher suite %d serves', async (suite) => {
    const peer = await Peer.connect(await fixture.open(), fixture.authorize(), [suite]);
    const content = Buffer.alloc(2_000_000, 'suite');
    expect(await peer.send('received/f', content)).toMatchObject({ status: 226 });
    expect(await peer.get('received/f')).toBe(content.toString());
  });
});
