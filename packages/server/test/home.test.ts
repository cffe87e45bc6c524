import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Identity } from '@e2eeftp/crypto';
import { parsePath, type Access } from '@e2eeftp/protocol';

import { Fixture, settings } from './support/fixture.js';
import { Observed } from './support/observed.js';
import { Peer } from './support/peer.js';

let fixture: Fixture;
let observed: Observed;
afterEach(async () => {
  await fixture.close();
});

function authorizeAt(home: string, access: Access = 'rw'): Identity {
  const identity = fixture.authorize(access);
  fixture.regrant(identity, { home: parsePath(home) });
  return identity;
}

async function enter(identity: Identity): Promise<Peer> {
  return Peer.connect(await fixture.open(), identity);
}

async function pathsIn(peer: Peer, path: string): Promise<string[]> {
  const { result } = await peer.call('LIST', { path, recursive: true });
  return (result as { entries: { path: string }[] }).entries.map((entry) => entry.path);
}

describe.each(settings)('clients with homes over $way with files $files', (setting) => {
  let alice: Peer;
  let bob: Peer;
  let owner: Peer;

  beforeEach(async () => {
    observed = new Observed();
    fixture = await Fixture.start({ ...setting, observer: observed });
    owner = await fixture.connect();
    alice = await enter(authorizeAt('received/team/alice'));
    bob = await enter(authorizeAt('received/bob'));
  });

  test('have the same names for different files', async () => {
    for (let round = 0; round < 20; round++) {
      const names = [`alice ${round}`, `bob ${round}`] as const;
      await Promise.all([
        alice.send('received/same', names[0]),
        bob.send('received/same', names[1]),
      ]);
      expect(await alice.get('received/same')).toBe(names[0]);
      expect(await bob.get('received/same')).toBe(names[1]);
    }
    await bob.call('RENAME', { from: 'received/same', to: 'received/d/same' });
    expect(await alice.get('received/same')).toBe('alice 19');
    await alice.call('DELETE', { path: 'received/same' });
    expect(await bob.get('received/d/same')).toBe('bob 19');
    expect(await owner.get('received/bob/d/same')).toBe('bob 19');
    expect(await pathsIn(owner, 'received')).toEqual([
      'bob',
      'bob/d',
      'bob/d/same',
      'team',
      'team/alice',
    ]);
  });

  test('see nothing of each other, nor of anything else', async () => {
    await owner.send('received/secret', 'S');
    await bob.send('received/secret', 'B');
    expect(await pathsIn(alice, '')).toEqual(['received', 'vaults']);
    for (const path of [
      'received/secret',
      'received/bob/secret',
      'received/team/alice',
      'received/received/secret',
      'team/alice',
      'bob',
      'secret',
    ]) {
      expect(await alice.get(path)).toBe(404);
      expect(await alice.call('STAT', { path })).toMatchObject({ status: 404 });
      expect(await alice.call('LIST', { path })).toMatchObject({ status: 404 });
      expect(await alice.call('CHMOD', { path, mode: 0o777 })).toMatchObject({ status: 404 });
      expect(await alice.call('DELETE', { path })).toMatchObject({ status: 404 });
    }
    for (const path of ['received/..', 'received/../bob/secret', 'received/./x', '/received']) {
      for (const word of ['GET', 'STAT', 'LIST', 'DELETE', 'MKDIR']) {
        expect(await alice.call(word, { path })).toMatchObject({ status: 400 });
      }
      expect(await alice.send(path, 'X')).toMatchObject({ status: 400 });
    }
    expect(await owner.get('received/secret')).toBe('S');
    expect(await bob.get('received/secret')).toBe('B');
  });

  test('never hear where their homes are', async () => {
    const answers = [
      await alice.send('received/d/f', 'F'),
      await alice.call('STAT', { path: 'received/d/f' }),
      await alice.call('STAT', { path: 'received' }),
      await alice.call('LIST', { path: '', recursive: true }),
      await alice.call('LIST', { path: 'received', recursive: true, limit: 1 }),
      await alice.call('GET', { path: 'received/d/f' }),
      await alice.call('RENAME', { from: 'received/d/f', to: 'received/g' }),
      await alice.call('DELETE', { path: 'received/none' }),
      await alice.call('MKDIR', { path: 'received/g/h' }),
      await alice.send(`received/${'d/'.repeat(30)}f`, 'too deep below a home'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([
      226, 200, 200, 200, 200, 200, 200, 404, 409, 413,
    ]);
    expect(JSON.stringify([answers, alice.welcome])).not.toMatch(/team|alice/u);
  });

  test('page through their root as through any folder', async () => {
    for (const name of ['.e2eeftp-notes', 'a', 'd/e/f', 'z']) {
      await alice.send(`received/${name}`, name);
    }
    const paths = await pathsIn(alice, '');
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const { status, result } = await alice.call('LIST', {
        path: '',
        recursive: true,
        limit: 1,
        ...(cursor !== undefined && { cursor }),
      });
      expect(status).toBe(200);
      const page = result as { entries: { path: string }[]; cursor?: string };
      paged.push(...page.entries.map(({ path }) => path));
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(paged).toEqual(paths);
    expect(paths).toHaveLength(8);
  });

  test('cannot change their homes themselves', async () => {
    for (const [word, args] of [
      ['DELETE', { path: 'received', recursive: true }],
      ['DELETE', { path: '', recursive: true }],
      ['RENAME', { from: 'received', to: 'received/x' }],
      ['RENAME', { from: 'received/f', to: 'received', overwrite: 'always' }],
    ] as const) {
      expect(await alice.call(word, args)).toMatchObject({ status: 403 });
    }
    expect(await alice.send('received', 'X')).toMatchObject({ status: 403 });
    expect(await alice.call('MKDIR', { path: 'received' })).toMatchObject({ status: 200 });
  });

  test('can nest, and the outer one sees the inner one', async () => {
    const lead = await enter(authorizeAt('received/team'));
    await lead.send('received/alice/from-lead', 'L');
    expect(await alice.get('received/from-lead')).toBe('L');
    await alice.send('received/report', 'R');
    expect(await lead.get('received/alice/report')).toBe('R');
    await lead.call('DELETE', { path: 'received/alice', recursive: true });
    expect(await pathsIn(alice, '')).toEqual(['received', 'vaults']);
    expect(await alice.send('received/again', 'A')).toMatchObject({ status: 226 });
    expect(await lead.get('received/alice/again')).toBe('A');
  });

  test('can share one', async () => {
    const [one, two] = [
      await enter(authorizeAt('received/shared')),
      await enter(authorizeAt('received/shared', 'ro')),
    ];
    await one.send('received/f', 'F');
    expect(await two.get('received/f')).toBe('F');
    expect(await two.send('received/f', 'X')).toMatchObject({ status: 403 });
  });

  test('are told of by their places in the whole tree', async () => {
    await alice.send('received/d/f', 'F');
    await bob.send('received/f', 'FF');
    expect(observed.files).toMatchObject([
      { path: 'received/team/alice/d/f', size: 1 },
      { path: 'received/bob/f', size: 2 },
    ]);
    expect(fixture.logged('command').map(({ fields }) => fields['path'])).toEqual([
      'received/d/f',
      'received/f',
    ]);
  });

  test('go on with uploads of their own only', async () => {
    const upload = Buffer.alloc(16, 3);
    const identity = authorizeAt('received/carol');
    const first = await enter(identity);
    await first.request('SEND', { path: 'received/f', size: 6, upload }, true);
    await first.data(Buffer.from('abc'));
    await first.end({ ok: false, text: '' });
    expect((await first.answer()).status).toBe(400);
    expect(await bob.call('RESUME', { upload })).toMatchObject({ status: 404 });
    const again = await enter(identity);
    const { status, result } = await again.call('RESUME', { upload });
    expect(status).toBe(200);
    const { offset } = result as { offset: number };
    const rest = Buffer.from('abcdef').subarray(offset);
    await again.request('SEND', { path: 'received/f', size: 6, upload, offset }, true);
    await again.data(rest);
    await again.end({ ok: true, size: rest.length });
    expect(await again.answer()).toMatchObject({ status: 226 });
    expect(await owner.get('received/carol/f')).toBe('abcdef');
  });

  test('whose homes cannot be made do not come in, and nobody else is disturbed', async () => {
    await owner.send('received/file', 'F');
    const late = new Peer(await fixture.open(), authorizeAt('received/file/below'));
    await late.begin();
    expect(await late.ending()).toBe('cut off');
    expect(await owner.get('received/file')).toBe('F');
    expect(await alice.call('PING')).toMatchObject({ status: 200 });
    expect(fixture.logged('connection failed')).toMatchObject([{ level: 'error' }]);
  });
});

describe.each(['on disk', 'in memory'] as const)('homes by the first generation, %s', (files) => {
  beforeEach(async () => {
    fixture = await Fixture.start({ way: 'TCP', files, v1: 'all' });
  });

  test('hold the same names apart, and are those of the second generation', async () => {
    const identities = [authorizeAt('received/team/alice'), authorizeAt('received/bob')] as const;
    const [alice, bob] = [fixture.original(identities[0]), fixture.original(identities[1])];
    const owner = await fixture.connect();
    await owner.send('received/same', 'owner');
    expect(await alice.send('same', Buffer.from('alice'))).toBe('226|Transfer Complete');
    expect(await bob.send('same', Buffer.from('bob'))).toBe('226|Transfer Complete');
    expect((await alice.get('same')).content?.toString()).toBe('alice');
    expect((await bob.get('same')).content?.toString()).toBe('bob');
    expect((await fixture.original().get('same')).content?.toString()).toBe('owner');
    expect(await owner.get('received/team/alice/same')).toBe('alice');
    expect(await (await enter(identities[0])).get('received/same')).toBe('alice');
    await (await enter(identities[1])).send('received/more', 'M');
    expect((await bob.list()).body).toBe('more\nsame');
    expect((await alice.list()).body).toBe('same');
    expect(await alice.delete('same')).toBe('200|File deleted');
    expect(await alice.delete('same')).toBe('404|File not found');
    expect((await bob.get('same')).content?.toString()).toBe('bob');
    expect(await owner.get('received/same')).toBe('owner');
  });

  test('cannot be left', async () => {
    const owner = await fixture.connect();
    await owner.send('received/secret', 'S');
    await owner.send('received/bob/secret', 'S');
    const alice = fixture.original(authorizeAt('received/alice'));
    for (const name of ['../secret', '../bob/secret', '..', '.', 'bob/secret', 'received/secret']) {
      expect((await alice.get(name)).line).toBe('400|Malformed request');
      expect(await alice.delete(name)).toBe('400|Malformed request');
      expect(await alice.send(name, Buffer.from('X'))).toBe('400|Malformed request');
    }
    for (const name of ['secret', 'bob', 'alice', 'received', 'vaults']) {
      expect((await alice.get(name)).line).toBe(`404|File not found: ${name}`);
    }
    expect((await alice.list()).body).toBe('');
    expect(await owner.get('received/bob/secret')).toBe('S');
  });
});
