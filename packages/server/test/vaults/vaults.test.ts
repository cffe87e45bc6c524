import { setImmediate } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Access, CborMap } from '@e2eeftp/protocol';

import { Fixture, settings } from '../support/fixture.js';
import { Peer, type Answer } from '../support/peer.js';
import { newPerson, TestVault, type Person } from '../support/test-vault.js';

/** Somebody with a connection. */
interface Guest extends Person {
  readonly peer: Peer;
}

const never = { overwrite: 'never' };

describe.each(settings)('vaults over $way with files $files', (setting) => {
  let fixture: Fixture;
  let alice: Guest;
  let bob: Guest;
  let eve: Guest;

  beforeEach(async () => {
    fixture = await Fixture.start(setting);
    [alice, bob, eve] = await Promise.all([guest(), guest(), guest()]);
  });
  afterEach(async () => {
    await fixture.close();
  });

  async function guest(access?: Access): Promise<Guest> {
    const person = await newPerson(fixture.authorize(access));
    return { ...person, peer: await Peer.connect(await fixture.open(), person.identity) };
  }

  async function storeNewest({ peer }: Guest, vault: TestVault): Promise<number> {
    return (await peer.send(vault.keyringAt(vault.sequence), vault.newest, never)).status;
  }

  /** A vault of Alice's, with Bob as a writer. */
  async function team(): Promise<TestVault> {
    const vault = await TestVault.begin(alice);
    expect(await storeNewest(alice, vault)).toBe(226);
    const both = await vault.withMember(alice, bob, 'writer');
    expect(await storeNewest(alice, both)).toBe(226);
    return both;
  }

  const fixedText = (answer: Answer): unknown => [answer.status, answer.text, answer.result];

  test('are for their members', async () => {
    const vault = await team();
    const file = vault.at('AAAA');
    expect((await bob.peer.send(file, 'cipher', { keyring: 2 })).status).toBe(226);
    expect(await alice.peer.get(file)).toBe('cipher');
    const { result } = await bob.peer.call('LIST', { path: 'vaults' });
    expect(result).toMatchObject({ entries: [{ path: vault.at().slice('vaults/'.length) }] });
    expect(await eve.peer.call('LIST', { path: 'vaults' })).toMatchObject({
      result: { entries: [] },
    });
    const nothing = [404, 'Not found', null];
    const asked: [string, CborMap][] = [
      ['STAT', { path: vault.at() }],
      ['LIST', { path: vault.at() }],
      ['GET', { path: file }],
      ['DIGEST', { path: file }],
      ['GET', { path: vault.keyringAt(1) }],
      ['DELETE', { path: vault.at(), recursive: true }],
      ['MKDIR', { path: vault.at('D'), keyring: 2 }],
      ['RENAME', { from: file, to: vault.at('B'), keyring: 2 }],
      ['CHMOD', { path: file, mode: 0o600 }],
    ];
    for (const [word, args] of asked) {
      expect([word, fixedText(await eve.peer.call(word, args))]).toEqual([word, nothing]);
    }
    expect(fixedText(await eve.peer.send(file, 'x', { keyring: 2 }))).toEqual(nothing);
    expect(await eve.peer.call('MGET', { paths: [file] })).toMatchObject({
      result: { files: [{ status: 404 }] },
    });
  });

  test('want to know for which keyring something was written', async () => {
    const vault = await team();
    const { peer } = bob;
    const path = vault.at('AAAA');
    const statuses = async (keyring?: number): Promise<number[]> => {
      const known = keyring === undefined ? {} : { keyring };
      const file = { path: vault.at('B'), size: 0 };
      await peer.request('MSEND', { files: [file], ...known }, true);
      await peer.end({ ok: true, size: 0 });
      const { files } = (await peer.answer()).result as { files: { status: number }[] };
      const answers = [
        await peer.send(path, 'x', known),
        await peer.call('MKDIR', { path: vault.at('D'), ...known }),
        await peer.call('RENAME', { from: path, to: vault.at('C'), overwrite: 'always', ...known }),
      ];
      return [...files, ...answers].map(({ status }) => status);
    };
    expect(await statuses()).toEqual([400, 400, 400, 400]);
    expect(await statuses(1)).toEqual([409, 409, 409, 409]);
    expect(await statuses(3)).toEqual([409, 409, 409, 409]);
    expect(await statuses(2)).toEqual([226, 226, 200, 200]);
    const path2 = vault.at('C');
    expect(await peer.call('DELETE', { path: path2, keyring: 1 })).toMatchObject({ status: 409 });
    expect(await peer.call('DELETE', { path: path2 })).toMatchObject({ status: 200 });
    expect(await peer.send('received/f', 'x', { keyring: 9 })).toMatchObject({ status: 226 });
  });

  test('take what is written behind a new keyring for that one, in one go', async () => {
    const vault = await team();
    const next = await vault.with(alice, { newEpoch: true });
    const { peer } = alice;
    await peer.offer(vault.at('A1'), 'x', { keyring: 2 });
    await peer.offer(next.keyringAt(3), next.newest, never);
    await peer.offer(vault.at('A2'), 'x', { keyring: 3 });
    await peer.offer(vault.at('A3'), 'x', { keyring: 2 });
    const statuses = [];
    for (let answers = 0; answers < 4; answers++) statuses.push((await peer.answer()).status);
    expect(statuses).toEqual([226, 226, 226, 409]);
  });

  test('do not take the file of who has lost the right while sending it', async () => {
    const vault = await team();
    const path = vault.at('AAAA');
    await bob.peer.request('SEND', { path, keyring: 2 }, true);
    await bob.peer.data(Buffer.from('half'));
    while (fixture.uploads < 3) await setImmediate();
    const roles = [{ identity: bob.identity.publicKey, role: 'reader' }] as const;
    expect(await storeNewest(alice, await vault.with(alice, { roles }))).toBe(226);
    await bob.peer.end({ ok: true, size: 4 });
    expect(fixedText(await bob.peer.answer())).toEqual([403, 'Not allowed', null]);
    expect(await bob.peer.call('STAT', { path })).toMatchObject({ status: 404 });
    expect(await bob.peer.send(path, 'x', { keyring: 3 })).toMatchObject({ status: 403 });
  });

  test('have a row of keyrings that nobody bends', async () => {
    const vault = await team();
    const next = await vault.with(alice, {});
    const send = async ({ peer }: Guest, sequence: number, bytes: Uint8Array): Promise<number> =>
      (await peer.send(vault.keyringAt(sequence), bytes, never)).status;
    expect(await send(bob, 3, next.newest)).toBe(403);
    expect(await send(eve, 3, next.newest)).toBe(404);
    expect(await send(alice, 4, next.newest)).toBe(409);
    expect(await send(alice, 2, next.newest)).toBe(409);
    expect(await send(alice, 3, vault.newest)).toBe(400);
    expect(await send(alice, 3, Buffer.from('no keyring'))).toBe(400);
    const { status } = await alice.peer.send(vault.keyringAt(3), next.newest);
    expect(status).toBe(400);
    const upload = new Uint8Array(16);
    const resumable = await alice.peer.send(vault.keyringAt(3), next.newest, { ...never, upload });
    expect(resumable.status).toBe(400);
    for (const sequence of [1, 2]) {
      const path = vault.keyringAt(sequence);
      expect((await alice.peer.call('DELETE', { path })).status).toBe(403);
      const to = vault.at('AAAA');
      expect((await alice.peer.call('RENAME', { from: path, to, keyring: 2 })).status).toBe(403);
    }
    expect(await send(alice, 3, next.newest)).toBe(226);
    const kept = await bob.peer.call('GET', { path: vault.keyringAt(3) });
    expect(kept.body?.bytes).toEqual(Buffer.from(next.newest));
  });

  test('get one of the keyrings that two owners make at once', async () => {
    const vault = await team();
    const roles = [{ identity: bob.identity.publicKey, role: 'owner' }] as const;
    const both = await vault.with(alice, { roles });
    expect(await storeNewest(alice, both)).toBe(226);
    const statuses = await Promise.all([
      storeNewest(alice, await both.with(alice, {})),
      storeNewest(bob, await both.with(bob, { newEpoch: true })),
    ]);
    expect(statuses.sort()).toEqual([226, 409]);
  });

  test('stay apart, and go as a whole when an owner wants it', async () => {
    const vault = await team();
    const mine = await TestVault.begin(bob, 'home');
    expect(await storeNewest(bob, mine)).toBe(226);
    await bob.peer.send(vault.at('AAAA'), 'x', { keyring: 2 });
    for (const [from, to] of [
      [vault.at('AAAA'), mine.at('AAAA')],
      [vault.at('AAAA'), 'received/f'],
      [vault.at(), mine.at()],
      [vault.at(), `vaults/${'a'.repeat(26)}`],
    ] as const) {
      const { status } = await bob.peer.call('RENAME', { from, to, keyring: 2 });
      expect(status).toBe(400);
    }
    const path = vault.at();
    expect((await bob.peer.call('DELETE', { path, recursive: true })).status).toBe(403);
    expect((await alice.peer.call('DELETE', { path })).status).toBe(409);
    expect((await alice.peer.call('DELETE', { path, recursive: true })).status).toBe(200);
    expect((await bob.peer.call('STAT', { path })).status).toBe(404);
    expect((await bob.peer.call('STAT', { path: mine.at() })).status).toBe(200);
    expect((await bob.peer.call('CHMOD', { path: mine.at('A'), mode: 0 })).status).toBe(403);
  });

  test('are used within what the operator lets a client do', async () => {
    let vault = await team();
    const [reader, sender] = [await guest('ro'), await guest('wo')];
    vault = await vault.withMember(alice, reader, 'writer');
    expect(await storeNewest(alice, vault)).toBe(226);
    vault = await vault.withMember(alice, sender, 'owner');
    expect(await storeNewest(alice, vault)).toBe(226);
    const next = await vault.with(sender, {});
    expect(await storeNewest(sender, next)).toBe(403);
    expect(await storeNewest(sender, await TestVault.begin(sender))).toBe(403);
    expect(await storeNewest(reader, await TestVault.begin(reader))).toBe(403);
    const path = vault.at('AAAA');
    expect((await reader.peer.send(path, 'x', { keyring: 4 })).status).toBe(403);
    expect((await sender.peer.send(path, 'x', { keyring: 4 })).status).toBe(226);
    expect(await sender.peer.get(path)).toBe(403);
    expect((await sender.peer.call('DELETE', { path, recursive: true })).status).toBe(403);
    expect(await reader.peer.get(path)).toBe('x');
  });

  test('count for the quota and are seen with a home', async () => {
    const vault = await team();
    const home = { home: 'received/bob', quota: 100_000 } as never;
    fixture.regrant(bob.identity, home);
    const peer = await Peer.connect(await fixture.open(), bob.identity);
    expect((await peer.send(vault.at('AAAA'), Buffer.alloc(10), { keyring: 2 })).status).toBe(226);
    const used = vault.keyrings.reduce((sum, { length }) => sum + length, 10);
    expect(await peer.call('WHOAMI')).toMatchObject({ result: { used } });
    const tooMuch = await peer.send(vault.at('B'), Buffer.alloc(100_000), { keyring: 2 });
    expect(tooMuch.status).toBe(507);
    const { result } = await peer.call('LIST', { path: '', recursive: true });
    const paths = (result as { entries: { path: string }[] }).entries.map((entry) => entry.path);
    expect(paths).toEqual([
      ...['received', 'vaults', vault.at(), vault.at('.keyring')],
      ...[vault.keyringAt(1), vault.keyringAt(2), vault.at('AAAA')],
    ]);
  });

  test('are logged without what is in them', async () => {
    const vault = await team();
    await alice.peer.send(vault.keyringAt(3), vault.newest, never);
    for (const { level, fields } of fixture.log) {
      expect([level, 'err' in fields]).not.toEqual(['error', true]);
    }
  });
});
