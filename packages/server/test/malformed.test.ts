import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { recordLimits, type Established } from '@e2eeftp/crypto';
import { encodeCbor, type CborMap, type CborValue } from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

import { Fixture } from './support/fixture.js';
import { handshake, untilHungUp, type Peer } from './support/peer.js';

const ping = { id: 1, command: 'PING', args: {}, body: false };
const send = { id: 1, command: 'SEND', args: { path: 'received/f' }, body: true };

/** Records as a client makes them that says whatever it likes. */
type Records = (established: Established) => Uint8Array[];

const message =
  (value: CborValue): Records =>
  ({ sealer }) =>
    sealer.seal('message', [encodeCbor(value)]);
const raw =
  (...bytes: number[]): Records =>
  ({ sealer }) =>
    sealer.seal('message', [Uint8Array.from(bytes)]);
const together =
  (...all: Records[]): Records =>
  (established) =>
    all.flatMap((records) => records(established));
const data: Records = ({ sealer }) => sealer.seal('data', [new Uint8Array(10)]);
const end: Records = ({ sealer }) => sealer.seal('end', [encodeCbor({ ok: true, size: 10 })]);
const close: Records = ({ sealer }) =>
  sealer.seal('close', [encodeCbor({ status: 200, text: '' })]);

/** A record whose byte at `index` is another. */
const changed =
  (index: number, records: Records): Records =>
  (established) => {
    const bytes = Buffer.concat(records(established));
    const at = index < 0 ? bytes.length + index : index;
    bytes[at] = (bytes[at] as number) ^ 0x40;
    return [bytes];
  };

const large = (size: number): CborMap => ({ ...ping, args: { padding: 'x'.repeat(size) } });

const cases: Readonly<Record<string, Records>> = {
  'a message that is no CBOR': raw(0xff),
  'an empty message': raw(),
  'CBOR with something behind it': raw(0xa0, 0xa0),
  'a length that is not the shortest': raw(0xb8, 0x00),
  'an indefinite length': raw(0xbf, 0xff),
  'a float': raw(0xf9, 0x00, 0x00),
  'a tag': raw(0xc0, 0x60),
  'a list instead of a request': message([]),
  'an empty request': message({}),
  'a request without an id': message({ ...ping, id: undefined }),
  'a request with a negative id': message({ ...ping, id: -1 }),
  'a request with a text for an id': message({ ...ping, id: '1' }),
  'a request with more than it may say': message({ ...ping, more: 1 }),
  'a command that is no text': message({ ...ping, command: 7 }),
  'a command that is too long': message({ ...ping, command: 'P'.repeat(65) }),
  'arguments in a list': message({ ...ping, args: [] }),
  'arguments that are bytes': message({ ...ping, args: new Uint8Array(3) }),
  'no arguments': message({ ...ping, args: null }),
  'a body that is neither there nor not': message({ ...ping, body: null }),
  'arguments that would change a prototype': raw(
    ...Buffer.from(
      'a4626964016461726773a1695f5f70726f746f5f5fa064626f6479f467636f6d6d616e646450494e47',
      'hex',
    ),
  ),
  'a request that is too long': message(large(65_536)),
  'a response': message({ id: 1, status: 200, text: '', result: null, body: false }),
  'data without a body': data,
  'an end without a body': end,
  'data behind a body': together(message(send), data, end, data),
  'a second end': together(message(send), data, end, end),
  'a request within a body': together(message(send), data, message(ping)),
  'an end that is no CBOR': together(message(send), ({ sealer }) =>
    sealer.seal('end', [Uint8Array.of(1)]),
  ),
  'an end that is neither': together(message(send), ({ sealer }) =>
    sealer.seal('end', [encodeCbor({ ok: 'perhaps' })]),
  ),
  'a close that says nothing': ({ sealer }) => sealer.seal('close', [new Uint8Array(0)]),
  'a record that was changed': changed(-20, message(ping)),
  'a tag that was changed': changed(-1, message(ping)),
  'a header that was changed': changed(0, message(ping)),
  'a record of another type': (established) => {
    const bytes = Buffer.concat(message(ping)(established));
    bytes[0] = 3;
    return [bytes];
  },
  'a record of no type': () => [Uint8Array.of(0, 0, 0, 20), new Uint8Array(20)],
  'a record of a type to come': () => [Uint8Array.of(7, 0, 0, 20), new Uint8Array(20)],
  'a record of the handshake': () => [Uint8Array.of(1, 0, 0, 20), new Uint8Array(20)],
  'a record that is too short for its tag': () => [Uint8Array.of(2, 0, 0, 15), new Uint8Array(15)],
  'a record that is too long': () => {
    const length = recordLimits.plaintext + 17;
    return [Uint8Array.of(3, length >>> 16, (length >>> 8) & 0xff, length & 0xff)];
  },
  'a record that came before': (established) => {
    const first = Buffer.concat(message(ping)(established));
    return [first, first];
  },
  'records in another order': (established) => {
    const first = Buffer.concat(message(ping)(established));
    const second = Buffer.concat(message(ping)(established));
    return [second, first];
  },
  'what is no record': () => [Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
};

/** What came before the fault was right: an answer may have come, and then the file is there. */
const stored = new Set(['data behind a body', 'a second end']);
const answered = new Set([...stored, 'a record that came before']);

describe.each(['TCP', 'memory'] as const)('what breaks the protocol over %s', (way) => {
  let fixture: Fixture;
  let witness: Peer;

  beforeEach(async () => {
    fixture = await Fixture.start({ way });
    witness = await fixture.connect();
  });
  afterEach(async () => {
    await fixture.close();
  });

  async function readRecord(transport: Transport, { opener }: Established): Promise<string> {
    for (;;) {
      const chunk = await transport.read();
      if (chunk === undefined) throw new Error('nothing came');
      const [type] = [...opener.receive(chunk)].map((record) => record.type);
      if (type !== undefined) return type;
    }
  }

  test.each(Object.entries(cases))(
    '%s ends the connection without a reply',
    async (what, records) => {
      const transport = await fixture.open();
      const established = await handshake(transport, fixture.authorize());
      expect(await readRecord(transport, established)).toBe('message');
      await transport.write(records(established));
      const bytes = await untilHungUp(transport);
      if (!answered.has(what)) expect(bytes).toBe(0);
      expect(await witness.call('PING')).toMatchObject({ status: 200 });
      const isWhole = stored.has(what);
      const mayBeGone = !isWhole || bytes === 0;
      const possible = [...(isWhole ? ['\0'.repeat(10)] : []), ...(mayBeGone ? [404] : [])];
      expect(possible).toContain(await witness.get('received/f'));
      expect(fixture.logged('connection ended').length).toBe(1);
      expect(fixture.logged('connection failed')).toEqual([]);
    },
  );

  test('a request as long as it may be is taken', async () => {
    const overhead = encodeCbor(large(60_000)).length - 60_000;
    const transport = await fixture.open();
    const established = await handshake(transport, fixture.authorize());
    await readRecord(transport, established);
    await transport.write(message(large(65_536 - overhead))(established));
    expect(await readRecord(transport, established)).toBe('message');
    await transport.write(message({ ...large(65_537 - overhead), id: 2 })(established));
    expect(await untilHungUp(transport)).toBe(0);
  });

  test('whatever comes behind a close ends the connection', async () => {
    const transport = await fixture.open();
    const established = await handshake(transport, fixture.authorize());
    await readRecord(transport, established);
    await transport.write(together(close, message(send), data, end)(established));
    await untilHungUp(transport);
    transport.destroy();
    expect(await witness.get('received/f')).toBe(404);
  });

  test.each<[string, Uint8Array]>([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['TLS', Buffer.from('160301020001000100fc0303', 'hex')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['the first generation', Buffer.concat([Buffer.from([0, 0, 0, 128]), Buffer.alloc(128)])],
    ['zeros', new Uint8Array(5000)],
    ['a hello of another version', Buffer.from('6532667404c5030101', 'hex')],
    ['a hello that is too long', Buffer.from('65326674ffff020101', 'hex')],
    ['a hello without suites', Buffer.from('6532667404c20200', 'hex')],
  ])('%s instead of a hello gets no byte', async (_what, bytes) => {
    const transport = await fixture.open();
    await transport.write([bytes]);
    await transport.end();
    expect(await untilHungUp(transport)).toBe(0);
    expect(await witness.call('PING')).toMatchObject({ status: 200 });
  });
});
