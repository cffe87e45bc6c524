import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { encodeCbor, printable, type CborMap } from '@e2eeftp/protocol';

import { Fixture, type LogEntry } from './support/fixture.js';
import { everyRecord, heard } from './support/mutation/every-record.js';
import { faultOf, faultOfV1 } from './support/mutation/verdict.js';
import { handshake, type Peer } from './support/peer.js';

/** Names that could move a terminal's cursor, forge a line, hide something, or fill a log. */
const names: Readonly<Record<string, string>> = {
  'escape sequences': 'a\u001B[2J\u001B]0;title\u0007b',
  'C1 controls': 'a\u009B31mb\u0085c',
  'a line feed': 'a\n{"level":"info","msg":"forged"}',
  'a carriage return': 'a\rb',
  'line separators': 'a\u2028b\u2029c',
  'a bidirectional override': '\u202Egpj.exe',
  'bidirectional isolates': 'a\u2066b\u2069c',
  'NUL and DEL': 'a\u0000b\u007F',
  'what takes no place': 'a\u200Bb\uFEFFc\u{E0041}d',
  '4 KiB': 'n'.repeat(4096),
  '4 KiB of three bytes each': '\u202E'.repeat(1365),
  'many folders': Array<string>(1000).fill('d').join('/'),
};

/** Bytes of a text that are none: half a pair, and what no encoding of a character has. */
const noText: Readonly<Record<string, string>> = {
  'a high surrogate': 'eda080',
  'a low surrogate': 'edb080',
  'an overlong slash': 'c0af',
  'a byte that is never used': 'ff',
  'half a character': 'e282',
};

/** A line of a log is read by people: nobody shall fill their screen. */
const longestLine = 16_384;

let fixture: Fixture;
let peer: Peer;
beforeEach(async () => {
  const limits = { delaysFailures: false };
  fixture = await Fixture.start({ way: 'TCP', files: 'on disk', v1: 'all', limits });
  peer = await fixture.connect();
});
afterEach(async () => {
  await fixture.close();
});

/** The texts of an entry, errors apart, whose texts the program that writes the line makes harmless. */
function textsOf(value: unknown, key = ''): string[] {
  if (key === 'err') return [];
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [name, ...textsOf(item, name)]);
}

function expectHarmlessLog(atLeast: number): void {
  const isOfClient = ({ message }: LogEntry): boolean => message !== 'listening';
  expect(fixture.log.filter(isOfClient).length).toBeGreaterThanOrEqual(atLeast);
  for (const entry of fixture.log) {
    for (const text of textsOf(entry)) expect(text).toBe(printable(text));
    expect(Buffer.byteLength(JSON.stringify(entry))).toBeLessThan(longestLine);
  }
  expect(fixture.logged('connection failed')).toEqual([]);
  expect(fixture.logged('a command failed')).toEqual([]);
}

test.each(Object.entries(names))('a name with %s reaches no log as it is', async (_what, name) => {
  const requests: [string, CborMap][] = [
    ...[name, `received/${name}`].flatMap((path): [string, CborMap][] => [
      ...['STAT', 'GET', 'LIST', 'DELETE', 'MKDIR'].map((word): [string, CborMap] => [
        word,
        { path },
      ]),
      ['RENAME', { from: path, to: `${path}x` }],
      ['CHMOD', { path, mode: 0o600 }],
      ['LIST', { path: 'received', cursor: path }],
    ]),
    ['GET', { path: 'received', etag: name }],
    ['PING', { [name]: name }],
    [name.slice(0, 64), { path: name, from: name, to: name }],
  ];
  let id = 0;
  for (const [command, args] of requests) {
    const answer = await peer.call(command, args);
    expect(faultOf({ id, ...answer }, { id: id++, command })).toBeUndefined();
  }
  const upload = await peer.send(`received/${name}`, 'x', { overwrite: 'always' });
  expect([226, 400, 413]).toContain(upload.status);
  await peer.request('SEND', { path: 'received/f' }, true);
  await peer.end({ ok: false, text: name.slice(0, 1024) });
  expect(await peer.answer()).toMatchObject({ status: 400, text: 'Malformed request' });
  expect(await peer.close()).toEqual({ status: 200, text: 'OK' });
  expectHarmlessLog(requests.length);
});

test.each(Object.entries(names))(
  'a name with %s reaches no log in the first generation either',
  async (_what, name) => {
    const client = fixture.original();
    const lines = [`GET|${name}`, `DELETE|${name}`, `SEND|${name}|${name}`, `${name}|f`, name];
    for (const line of lines) {
      const { answer } = await client.exchange(line, Buffer.alloc(0));
      expect(answer.length).toBeGreaterThan(0);
      expect(faultOfV1(answer, line)).toBeUndefined();
    }
    expectHarmlessLog(lines.length);
  },
);

test.each(Object.entries(noText))(
  '%s in a name ends the connection without a word',
  async (_what, hex) => {
    const transport = await fixture.open();
    const established = await handshake(transport, fixture.authorize());
    const place = 'PLACE'.padEnd(hex.length / 2, '_').slice(0, hex.length / 2);
    const args = { path: `received/${place}` };
    const plaintext = Buffer.from(encodeCbor({ id: 1, command: 'STAT', args, body: false }));
    plaintext.write(hex, plaintext.indexOf(`/${place}`) + 1, 'hex');
    await transport.write(established.sealer.seal('message', [plaintext]));
    await transport.write(everyRecord['a request'](established)).catch(() => undefined);
    // The welcome, and nothing else.
    expect(await heard(transport, established)).toEqual(['message']);
    await fixture.untilConnections(1);
    expect(await peer.call('PING')).toMatchObject({ status: 200 });
    expectHarmlessLog(1);
  },
);
