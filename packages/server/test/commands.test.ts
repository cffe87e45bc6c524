import { describe, expect, test } from '@jest/globals';

import type { CborMap } from '@e2eeftp/protocol';

import { settings, type Fixture } from './support/fixture.js';
import type { Answer, Peer } from './support/peer.js';
import { serveEach } from './support/serve-each.js';

function entriesOf({ result }: Answer): readonly CborMap[] {
  return (result as { entries: readonly CborMap[] }).entries;
}

function pathsOf(answer: Answer): unknown[] {
  return entriesOf(answer).map(({ path }) => path);
}

function etagOf({ result }: Answer): string {
  return (result as { etag: string }).etag;
}

describe.each(settings)('the built-in commands over $way with files $files', (setting) => {
  let fixture: Fixture;
  let peer: Peer;
  serveEach(setting, (served) => {
    ({ fixture, peer } = served);
  });

  test('the welcome says what the server is and what the client may do', () => {
    expect(peer.welcome).toEqual({
      protocol: 2,
      software: 'e2eeftp',
      commands: [
        'SEND',
        'GET',
        'LIST',
        'DELETE',
        'HLIST',
        'MSEND',
        'MGET',
        'RESUME',
        'STAT',
        'DIGEST',
        'RENAME',
        'MKDIR',
        'CHMOD',
        'CARD',
        'PING',
        'WHOAMI',
      ],
      limits: {
        record: 1_048_576,
        message: 65_536,
        fileSize: Number.MAX_SAFE_INTEGER,
        pathLength: 3072,
      },
      access: 'rw',
    });
  });

  test('HLIST names every command with a sentence', async () => {
    const { status, text, result } = await peer.call('HLIST');
    expect({ status, text }).toEqual({ status: 200, text: 'OK' });
    const commands = result as { name: string; summary: string }[];
    expect(commands.map(({ name }) => name)).toEqual(peer.welcome?.commands);
    for (const { summary } of commands) expect(summary).toMatch(/^[A-Z].{5,}$/u);
  });

  test('PING answers and says nothing', async () => {
    expect(await peer.call('PING')).toEqual({ status: 200, text: 'OK', result: null });
  });

  test('command words are taken in any case', async () => {
    expect(await peer.call('ping')).toMatchObject({ status: 200 });
    expect(await peer.call('pInG')).toMatchObject({ status: 200 });
  });

  test('an unknown command is refused, with and without a body', async () => {
    const refusal = { status: 400, text: 'Invalid command', result: null };
    expect(await peer.call('FORMAT')).toEqual(refusal);
    expect(await peer.call('')).toEqual(refusal);
    expect(await peer.call('constructor')).toEqual(refusal);
    await peer.request('FORMAT', {}, true);
    await peer.data(Buffer.alloc(3));
    await peer.end({ ok: true, size: 3 });
    expect(await peer.answer()).toEqual(refusal);
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
  });

  test('WHOAMI tells the identity, the name and the access', async () => {
    const identity = fixture.authorize('ro', 'alice');
    const { Peer } = await import('./support/peer.js');
    const alice = await Peer.connect(await fixture.open(), identity);
    const { status, result } = await alice.call('WHOAMI');
    expect(status).toBe(200);
    expect(result).toMatchObject({ name: 'alice', access: 'ro', quota: null, used: null });
    expect(Buffer.from((result as { identity: Uint8Array }).identity)).toEqual(
      Buffer.from(identity.publicKey),
    );
    expect(await peer.call('WHOAMI')).toMatchObject({ result: { name: null } });
  });

  test('SEND stores a file and says what it stored', async () => {
    const before = Date.now() - 2000;
    const answer = await peer.send('received/a/b/file.txt', 'hello');
    expect(answer).toMatchObject({
      status: 226,
      text: 'Transfer complete',
      result: { size: 5, mtime: expect.any(Number), etag: expect.any(String) },
    });
    const { mtime } = answer.result as { mtime: number };
    expect(mtime).toBeGreaterThan(before);
    expect(mtime).toBeLessThan(Date.now() + 2000);
    expect(await peer.get('received/a/b/file.txt')).toBe('hello');
  });

  test('SEND keeps the time that the client gives', async () => {
    for (const mtime of [0, 1, -86_400_000, 1_600_000_000_123]) {
      const answer = await peer.send('received/old', 'x', { mtime });
      expect(answer).toMatchObject({ status: 226, result: { mtime } });
      expect(await peer.call('STAT', { path: 'received/old' })).toMatchObject({
        result: { mtime },
      });
    }
  });

  test('SEND of nothing makes an empty file', async () => {
    expect(await peer.send('received/empty', '', { size: 0 })).toMatchObject({ status: 226 });
    expect(await peer.get('received/empty')).toBe('');
  });

  test('SEND heeds what is said about an older file', async () => {
    const first = await peer.send('received/f', 'one', { overwrite: 'never' });
    expect(first.status).toBe(226);
    const conflict = { status: 409, text: 'Conflict', result: null };
    expect(await peer.send('received/f', 'two', { overwrite: 'never' })).toEqual(conflict);
    expect(await peer.get('received/f')).toBe('one');
    const second = await peer.send('received/f', 'two', { overwrite: etagOf(first) });
    expect(second.status).toBe(226);
    expect(await peer.send('received/f', 'six', { overwrite: etagOf(first) })).toEqual(conflict);
    expect(await peer.get('received/f')).toBe('two');
    expect(await peer.send('received/f', 'ten')).toMatchObject({ status: 226 });
    expect(await peer.get('received/f')).toBe('ten');
  });

  test('SEND to what is no place for a file is refused', async () => {
    await peer.call('MKDIR', { path: 'received/folder' });
    await peer.send('received/file', 'x');
    expect(await peer.send('received/folder', 'x')).toMatchObject({ status: 409 });
    expect(await peer.send('received/file/below', 'x')).toMatchObject({ status: 409 });
    for (const path of ['', 'received', 'vaults', 'elsewhere', 'elsewhere/file']) {
      expect(await peer.send(path, 'x')).toMatchObject({ status: 403, text: 'Not allowed' });
    }
  });

  test('SEND without a body is malformed', async () => {
    expect(await peer.call('SEND', { path: 'received/f' })).toMatchObject({ status: 400 });
    expect(await peer.get('received/f')).toBe(404);
  });

  test('STAT describes files, folders, branches and the root', async () => {
    await peer.send('received/dir/f', '12345');
    expect(await peer.call('STAT', { path: 'received/dir/f' })).toMatchObject({
      status: 200,
      result: { path: 'received/dir/f', type: 'file', size: 5 },
    });
    for (const path of ['received/dir', 'received', 'vaults', '']) {
      expect(await peer.call('STAT', { path })).toMatchObject({
        status: 200,
        result: { path, type: 'directory', size: 0 },
      });
    }
    const missing = { status: 404, text: 'Not found', result: null };
    expect(await peer.call('STAT', { path: 'received/none' })).toEqual(missing);
    expect(await peer.call('STAT', { path: 'received/dir/f/below' })).toEqual(missing);
    expect(await peer.call('STAT', { path: 'server_id.key' })).toEqual(missing);
  });

  test('GET gives what SEND stored', async () => {
    const content = Buffer.alloc(3_000_000, 'abcdefg');
    await peer.send('received/big', content);
    const { status, result, body } = await peer.call('GET', { path: 'received/big' });
    expect(status).toBe(200);
    expect(result).toMatchObject({ size: content.length, offset: 0, length: content.length });
    expect(body?.end).toEqual({ ok: true, size: content.length });
    expect(body?.bytes.equals(content)).toBe(true);
  });

  test('GET of what is no file is refused', async () => {
    await peer.call('MKDIR', { path: 'received/dir' });
    for (const path of ['received/none', 'received/dir', 'received', '', 'server_id.key']) {
      expect(await peer.call('GET', { path })).toEqual({
        status: 404,
        text: 'Not found',
        result: null,
      });
    }
  });

  test('LIST gives the entries in their order, relative to the folder', async () => {
    for (const name of ['b', 'a/z', 'a/y', 'c', 'é', 'B'])
      await peer.send(`received/d/${name}`, 'x');
    const flat = await peer.call('LIST', { path: 'received/d' });
    expect(pathsOf(flat)).toEqual(['B', 'a', 'b', 'c', 'é']);
    expect(flat.result).not.toHaveProperty('cursor');
    const deep = await peer.call('LIST', { path: 'received/d', recursive: true });
    expect(pathsOf(deep)).toEqual(['B', 'a', 'a/y', 'a/z', 'b', 'c', 'é']);
    expect(pathsOf(await peer.call('LIST', { path: '' }))).toEqual(['received', 'vaults']);
    expect(pathsOf(await peer.call('LIST', { path: 'vaults' }))).toEqual([]);
  });

  test('LIST of what is no folder is refused', async () => {
    await peer.send('received/file', 'x');
    for (const path of ['received/none', 'received/file', '.e2eeftp-no', 'elsewhere']) {
      const { status } = await peer.call('LIST', { path });
      expect(status).toBe(path.startsWith('.') ? 400 : 404);
    }
  });

  test('DELETE removes files and empty folders, and full ones when told to', async () => {
    await peer.send('received/d/f', 'x');
    expect(await peer.call('DELETE', { path: 'received/d' })).toMatchObject({ status: 409 });
    expect(await peer.get('received/d/f')).toBe('x');
    const done = { status: 200, text: 'OK', result: null };
    expect(await peer.call('DELETE', { path: 'received/d/f' })).toEqual(done);
    expect(await peer.call('DELETE', { path: 'received/d/f' })).toMatchObject({ status: 404 });
    expect(await peer.call('DELETE', { path: 'received/d' })).toEqual(done);
    await peer.send('received/e/f/g', 'x');
    expect(await peer.call('DELETE', { path: 'received/e', recursive: true })).toEqual(done);
    expect(await peer.get('received/e/f/g')).toBe(404);
    for (const path of ['', 'received', 'vaults']) {
      const answer = await peer.call('DELETE', { path, recursive: true });
      expect(answer).toMatchObject({ status: 403 });
    }
  });

  test('DELETE removes the version that is named, and no other', async () => {
    const first = await peer.send('received/f', 'one');
    const second = await peer.send('received/f', 'two');
    const remove = (args: CborMap): Promise<Answer> =>
      peer.call('DELETE', { path: 'received/f', ...args });
    for (const etag of [etagOf(first), 'not-the-etag']) {
      expect(await remove({ etag })).toMatchObject({ status: 409 });
      expect(await remove({ etag, recursive: true })).toMatchObject({ status: 409 });
    }
    expect(await remove({ etag: '' })).toMatchObject({ status: 400 });
    expect(await peer.get('received/f')).toBe('two');
    expect(await remove({ etag: etagOf(second) })).toMatchObject({ status: 200 });
    expect(await remove({ etag: etagOf(second) })).toMatchObject({ status: 404 });
  });

  test('RENAME moves, and replaces only when told to', async () => {
    await peer.send('received/a', 'A');
    const first = await peer.send('received/b', 'B');
    const move = (args: CborMap): Promise<Answer> =>
      peer.call('RENAME', { from: 'received/a', to: 'received/b', ...args });
    expect(await move({})).toMatchObject({ status: 409 });
    expect(await move({ overwrite: 'not-the-etag' })).toMatchObject({ status: 409 });
    expect(await move({ overwrite: etagOf(first) })).toEqual({
      status: 200,
      text: 'OK',
      result: null,
    });
    expect(await peer.get('received/a')).toBe(404);
    expect(await peer.get('received/b')).toBe('A');
    expect(await move({ to: 'received/c' })).toMatchObject({ status: 404 });
    expect(await peer.call('RENAME', { from: 'received/b', to: 'received/n/m' })).toMatchObject({
      status: 200,
    });
    expect(await peer.get('received/n/m')).toBe('A');
  });

  test('RENAME between the branches is malformed', async () => {
    await peer.send('received/a', 'A');
    expect(await peer.call('RENAME', { from: 'received/a', to: 'vaults/a' })).toMatchObject({
      status: 400,
    });
    expect(await peer.get('received/a')).toBe('A');
  });

  test('MKDIR makes folders, also those above, and minds what is there', async () => {
    const done = { status: 200, text: 'OK', result: null };
    expect(await peer.call('MKDIR', { path: 'received/x/y/z' })).toEqual(done);
    expect(await peer.call('MKDIR', { path: 'received/x/y/z' })).toEqual(done);
    expect(pathsOf(await peer.call('LIST', { path: 'received/x' }))).toEqual(['y']);
    await peer.send('received/file', 'x');
    expect(await peer.call('MKDIR', { path: 'received/file' })).toMatchObject({ status: 409 });
    expect(await peer.call('MKDIR', { path: 'elsewhere' })).toMatchObject({ status: 403 });
  });

  test('CHMOD gives a file other permissions, and nothing else', async () => {
    const chmod = (path: string, mode: number): Promise<Answer> =>
      peer.call('CHMOD', { path, mode });
    await peer.send('received/d/f', 'F', { mtime: 1_600_000_000_000, mode: 0o640 });
    expect(await chmod('received/d/f', 0o111)).toMatchObject({
      status: 200,
      result: { size: 1, mtime: 1_600_000_000_000, mode: 0o711 },
    });
    expect(await peer.call('STAT', { path: 'received/d/f' })).toMatchObject({
      result: { size: 1, mtime: 1_600_000_000_000, mode: 0o711 },
    });
    expect(await peer.get('received/d/f')).toBe('F');
    for (const path of ['received/d', 'received/none', 'elsewhere/f']) {
      expect(await chmod(path, 0o600)).toMatchObject({ status: 404 });
    }
    for (const path of ['', 'received', 'vaults']) {
      expect(await chmod(path, 0o600)).toMatchObject({ status: 403 });
    }
    for (const mode of [-1, 0o1000, 0o4755, 0o777 + 1]) {
      expect(await chmod('received/d/f', mode)).toMatchObject({ status: 400 });
    }
    expect(await peer.call('CHMOD', { path: 'received/d/f' })).toMatchObject({ status: 400 });
  });

  test.each(['STAT', 'LIST', 'GET', 'DIGEST', 'DELETE', 'MKDIR', 'CHMOD'])(
    '%s takes no path that breaks the rules, and no other arguments',
    async (command) => {
      const paths = ['..', 'received/../x', '/etc', 'received/', 'received/\n', 'a\\b', '.e2eeftp'];
      const malformed = { status: 400, text: 'Malformed request', result: null };
      for (const path of paths) expect(await peer.call(command, { path })).toEqual(malformed);
      for (const path of [7, null, true, [], {}]) {
        expect(await peer.call(command, { path })).toEqual(malformed);
      }
      expect(await peer.call(command, {})).toEqual(malformed);
      expect(await peer.call(command, { path: 'received/x', unknown: 1 })).toEqual(malformed);
    },
  );

  test('numbers that make no sense are refused', async () => {
    await peer.send('received/f', 'x');
    for (const args of [{ offset: -1 }, { length: -1 }, { offset: '0' }, { etag: '' }]) {
      expect(await peer.call('GET', { path: 'received/f', ...args })).toMatchObject({
        status: 400,
      });
    }
    for (const args of [{ limit: 0 }, { cursor: '..' }, { recursive: 1 }]) {
      expect(await peer.call('LIST', { path: 'received', ...args })).toMatchObject({ status: 400 });
    }
    for (const args of [{ size: -1 }, { mtime: 'now' }, { overwrite: '' }, { upload: 1 }]) {
      expect(await peer.send('received/g', 'x', args)).toMatchObject({ status: 400 });
    }
  });

  test('a time beyond what a disk can note does not bring a transfer down', async () => {
    for (const mtime of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      const { status } = await peer.send('received/f', 'x', { mtime });
      expect([226, 400]).toContain(status);
    }
    expect(await peer.call('LIST', { path: 'received' })).toMatchObject({ status: 200 });
  });

  test('each answer is logged with what was asked, harmless to read', async () => {
    await peer.send('received/\u202Egpj.exe', 'x');
    await peer.call('GET', { path: 'received/\u001B[2J' });
    await peer.call('RENAME', { from: 'received/a', to: 'received/b' });
    await peer.close();
    const fields = fixture.logged('command').map((entry) => entry.fields);
    expect(fields).toMatchObject([
      { command: 'SEND', path: 'received/\uFFFDgpj.exe', status: 226 },
      { command: 'GET', path: 'received/\uFFFD[2J', status: 400 },
      { command: 'RENAME', from: 'received/a', to: 'received/b', status: 404 },
    ]);
  });
});
