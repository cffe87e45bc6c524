import { afterEach, describe, expect, test } from '@jest/globals';

import type { OriginalClient } from '@e2eeftp/original-peer';

import { Fixture } from '../support/fixture.js';
import { Peer } from '../support/peer.js';
import { newPerson, TestVault } from '../support/test-vault.js';

let fixture: Fixture;
let client: OriginalClient;
afterEach(async () => {
  await fixture.close();
});

/** Every byte that the server sends behind its hello. */
async function answerTo(line: string | Uint8Array, payload?: Uint8Array): Promise<string> {
  const { answer } = await client.exchange(line, payload);
  return answer.toString('latin1');
}

describe.each(['on disk', 'in memory'] as const)('with files %s, v1 clients', (files) => {
  async function start(): Promise<void> {
    fixture = await Fixture.start({ way: 'TCP', files, v1: 'all' });
    client = fixture.original();
  }

  test('read what servers of the first generation have always said', async () => {
    await start();
    expect(await client.send('a.txt', Buffer.from('content'))).toBe('226|Transfer Complete');
    expect(await answerTo('LIST')).toBe('200|5\na.txt');
    const { line, content } = await client.get('a.txt');
    expect({ line, content: content?.toString() }).toEqual({ line: '200|64', content: 'content' });
    expect(await answerTo('GET|b.txt')).toBe('404|File not found: b.txt\n');
    expect(await answerTo('DELETE|b.txt')).toBe('404|File not found\n');
    expect(await answerTo('DELETE|a.txt')).toBe('200|File deleted\n');
    expect(await answerTo('LIST')).toBe('200|0\n');
    expect(await answerTo('HLIST')).toBe('200|26\nSEND\nGET\nLIST\nDELETE\nHLIST');
  });

  test('may write words small, and blanks around a line', async () => {
    await start();
    expect(await client.send('a', Buffer.from('x'))).toBe('226|Transfer Complete');
    for (const line of ['list', 'List', '  LIST  ', 'LIST\r', '\tLiSt \r', '\u00A0list\u2003']) {
      expect(await answerTo(line)).toBe('200|1\na');
    }
    expect(await answerTo(' get|b \r')).toBe('404|File not found: b\n');
    expect(await answerTo('delete|a')).toBe('200|File deleted\n');
    expect(await answerTo('hlist')).toMatch(/^200\|26\nSEND\n/u);
    expect(await answerTo('send|a|64', Buffer.alloc(64))).toBe('500|Decryption Failed\n');
  });

  test.each([
    '',
    '   ',
    'NONSENSE',
    'NONSENSE|a|b|c',
    'SENDX|a|64',
    ' | ',
    '|LIST',
    'LIST\u0000',
    'LI ST',
    'constructor',
    '__proto__',
    // Words of the second generation that have no meaning here.
    'STAT|a',
    'RENAME|a|b',
    'MKDIR|a',
    'PING',
    'WHOAMI',
  ])('hear of %j that it is no command', async (line) => {
    await start();
    expect(await answerTo(line)).toBe('400|Invalid Command\n');
  });

  test.each([
    'SEND',
    'SEND|a',
    'SEND|a|64|more',
    'SEND|a|',
    'SEND|a|abc',
    'SEND|a|-1',
    'SEND|a|+64',
    'SEND|a|6 4',
    'SEND|a|0x40',
    'SEND|a|1e3',
    'SEND|a|6.4',
    'SEND|a|٦٤',
    'SEND|a|9007199254740992',
    'SEND|a|99999999999999999999',
    `SEND|a|${'9'.repeat(4000)}`,
    'GET',
    'GET|',
    'GET|a|b',
    'DELETE',
    'DELETE|',
    'DELETE|a|b',
    'LIST|',
    'LIST|a',
    'HLIST|a',
  ])('hear of %j that it is malformed', async (line) => {
    await start();
    expect(await answerTo(line)).toBe('400|Malformed request\n');
    expect(await answerTo('LIST')).toBe('200|0\n');
    expect(fixture.uploads).toBe(0);
  });

  test('hear of a line that is no UTF-8, or has no end, that it is malformed', async () => {
    await start();
    for (const bytes of [
      [0x47, 0xff, 0x0a],
      [0xc0, 0x80, 0x0a],
      [0xed, 0xa0, 0x80, 0x0a],
    ]) {
      expect(await answerTo(Uint8Array.from(bytes))).toBe('400|Malformed request\n');
    }
    const endless = Buffer.alloc(100_000, 'LIST');
    expect(await answerTo(endless)).toBe('400|Malformed request\n');
    const longest = (length: number): Buffer => Buffer.from(`${'LIST'.padEnd(length - 1)}\n`);
    expect(await answerTo(longest(8192))).toBe('200|0\n');
    expect(await answerTo(longest(8193))).toBe('400|Malformed request\n');
  });

  test('see the names of files in their order, and of nothing else', async () => {
    await start();
    const names = ['b', 'a', 'Ünïcödé.txt', 'with space', 'A', '日本', '.hidden', 'e\u0301'];
    for (const name of names) {
      expect(await client.send(name, Buffer.alloc(1))).toBe('226|Transfer Complete');
    }
    const owner = fixture.authorize();
    const peer = await Peer.connect(await fixture.open(), owner);
    await peer.call('MKDIR', { path: 'received/folder' });
    await peer.send('received/other/inner', 'x');
    const vault = await TestVault.begin(await newPerson(owner));
    await peer.send(vault.keyringAt(1), vault.newest, { overwrite: 'never' });
    expect((await peer.send(vault.at('AAAA'), 'x', { keyring: 1 })).status).toBe(226);
    const sorted = names.map((name) => Buffer.from(name)).sort(Buffer.compare);
    const body = sorted.join('\n');
    const { line, body: listed } = await client.list();
    expect({ line, listed }).toEqual({ line: `200|${Buffer.byteLength(body)}`, listed: body });
  });

  test('find no folders', async () => {
    await start();
    const peer = await fixture.connect();
    await peer.call('MKDIR', { path: 'received/folder' });
    expect(await answerTo('GET|folder')).toBe('404|File not found: folder\n');
    expect(await answerTo('DELETE|folder')).toBe('404|File not found\n');
    expect(await peer.call('STAT', { path: 'received/folder' })).toMatchObject({ status: 200 });
    expect(await client.send('folder', Buffer.from('x'))).toBe('409|Conflict');
    expect(await answerTo('LIST')).toBe('200|0\n');
  });

  test('get one answer, whatever follows the command', async () => {
    await start();
    await client.send('a', Buffer.from('x'));
    expect(await answerTo('HLIST\nDELETE|a\nLIST\n')).toMatch(/^200\|26\nSEND\nGET\nLIST\n/u);
    const behind = Buffer.concat([Buffer.alloc(64), Buffer.from('DELETE|a\n')]);
    expect(await answerTo('SEND|b|64', behind)).toBe('500|Decryption Failed\n');
    expect(await answerTo('LIST')).toBe('200|1\na');
  });

  test('may end their direction before they read', async () => {
    await start();
    await client.send('a', Buffer.alloc(300_000, 'a'));
    for (const line of ['LIST', 'GET|a', 'DELETE|none']) {
      const connection = await client.connect();
      await connection.writeRaw(Buffer.concat([connection.hello, Buffer.from(`${line}\n`)]));
      connection.socket.end();
      await connection.readHello();
      expect((await connection.readAll()).length).toBeGreaterThan(4);
      connection.close();
    }
  });

  test('may send everything at once, or byte by byte', async () => {
    await start();
    const all = await client.connect();
    await all.writeRaw(Buffer.concat([all.hello, Buffer.from('LIST\n')]));
    await all.readHello();
    expect((await all.readAll()).toString()).toBe('200|0\n');
    all.close();
    const slow = await client.connect();
    for (const byte of slow.hello) await slow.writeRaw(Buffer.of(byte));
    await slow.readHello();
    for (const byte of Buffer.from('LIST\n')) await slow.writeRaw(Buffer.of(byte));
    expect((await slow.readAll()).toString()).toBe('200|0\n');
    slow.close();
  });
});
