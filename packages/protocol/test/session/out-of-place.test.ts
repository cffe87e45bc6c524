import { describe, expect, test } from '@jest/globals';

import { encodeRecordHeader, type Established } from '@e2eeftp/crypto';

import {
  encodeCbor,
  type CborValue,
  type ClientSession,
  type ServerSession,
} from '../../src/index.js';
import { joinBytes } from '../support/bytes.js';
import { failureOf } from '../support/errors.js';
import { clientBeforeRawServer, feed, serverBeforeRawClient, welcome } from '../support/peers.js';

type Sealer = Established['sealer'];

/** Records that a peer can send, each well-formed by itself. */
const fromClient = {
  request: (sealer) => sealer.seal('message', [requestOf(false)]),
  'request with a body': (sealer) => sealer.seal('message', [requestOf(true)]),
  ...bodyAndClose(),
  response: (sealer) => sealer.seal('message', [responseTo(1, false)]),
  welcome: (sealer) => sealer.seal('message', [encodeCbor(welcome)]),
} satisfies Record<string, (sealer: Sealer) => Uint8Array[]>;

const fromServer = {
  welcome: (sealer) => sealer.seal('message', [encodeCbor(welcome)]),
  'response to the first': (sealer) => sealer.seal('message', [responseTo(1, false)]),
  'response to the second': (sealer) => sealer.seal('message', [responseTo(2, false)]),
  'response with a body': (sealer) => sealer.seal('message', [responseTo(1, true)]),
  'response to none': (sealer) => sealer.seal('message', [responseTo(3, false)]),
  ...bodyAndClose(),
  request: (sealer) => sealer.seal('message', [requestOf(false)]),
} satisfies Record<string, (sealer: Sealer) => Uint8Array[]>;

type ClientRecord = keyof typeof fromClient;
type ServerRecord = keyof typeof fromServer;

/** What was sent before, and which records may follow. */
interface Position<Name> {
  readonly name: string;
  readonly before: readonly Name[];
  readonly allowed: readonly Name[];
}

const betweenRequests = ['request', 'request with a body', 'close', 'update'] as const;
const withinBody = ['data', 'empty data', 'end', 'end given up', 'close', 'update'] as const;

const atServer: readonly Position<ClientRecord>[] = [
  { name: 'at the beginning', before: [], allowed: betweenRequests },
  { name: 'behind a request', before: ['request'], allowed: betweenRequests },
  { name: 'behind a request with a body', before: ['request with a body'], allowed: withinBody },
  { name: 'within a body', before: ['request with a body', 'data'], allowed: withinBody },
  {
    name: 'within a body, behind an update',
    before: ['request with a body', 'update'],
    allowed: withinBody,
  },
  {
    name: 'behind a body',
    before: ['request with a body', 'data', 'end'],
    allowed: betweenRequests,
  },
  {
    name: 'behind a body given up',
    before: ['request with a body', 'end given up'],
    allowed: betweenRequests,
  },
  { name: 'behind a close', before: ['close'], allowed: [] },
  {
    name: 'behind a close within a body',
    before: ['request with a body', 'data', 'close'],
    allowed: [],
  },
];

const betweenAnswers = [
  'response to the first',
  'response with a body',
  'close',
  'update',
] as const;

// The client has asked twice.
const atClient: readonly Position<ServerRecord>[] = [
  { name: 'at the beginning', before: [], allowed: ['welcome', 'close', 'update'] },
  { name: 'behind the welcome', before: ['welcome'], allowed: betweenAnswers },
  {
    name: 'behind an answer',
    before: ['welcome', 'response to the first'],
    allowed: ['response to the second', 'close', 'update'],
  },
  {
    name: 'behind all answers',
    before: ['welcome', 'response to the first', 'response to the second'],
    allowed: ['close', 'update'],
  },
  {
    name: 'behind an answer with a body',
    before: ['welcome', 'response with a body'],
    allowed: withinBody,
  },
  {
    name: 'within a body',
    before: ['welcome', 'response with a body', 'data'],
    allowed: withinBody,
  },
  {
    name: 'behind a body',
    before: ['welcome', 'response with a body', 'data', 'end'],
    allowed: ['response to the second', 'close', 'update'],
  },
  {
    name: 'behind a body given up',
    before: ['welcome', 'response with a body', 'end given up'],
    allowed: ['response to the second', 'close', 'update'],
  },
  { name: 'behind a close', before: ['close'], allowed: [] },
  {
    name: 'behind a close within a body',
    before: ['welcome', 'response with a body', 'close'],
    allowed: [],
  },
];

describe.each(atServer)('$name, the server takes', ({ before, allowed }) => {
  test.each(recordNames(fromClient))('%s only where it belongs', (record) => {
    const { server, peer } = prepareServer(before);
    const failure = failureOf(() => feed(server, fromClient[record](peer.sealer)));
    expect(failure).toBe(allowed.includes(record) ? undefined : 'ProtocolError malformed');
    if (failure !== undefined) expectDead(server, () => fromClient.request(peer.sealer));
  });
});

describe.each(atClient)('$name, the client takes', ({ before, allowed }) => {
  test.each(recordNames(fromServer))('%s only where it belongs', (record) => {
    const { client, peer } = prepareClient(before);
    const failure = failureOf(() => feed(client, fromServer[record](peer.sealer)));
    expect(failure).toBe(allowed.includes(record) ? undefined : 'ProtocolError malformed');
    if (failure !== undefined) expectDead(client, () => fromServer.close(peer.sealer));
  });
});

describe('wherever it comes', () => {
  const positions = [
    ...atServer.map(
      ({ name, before }) => [`at the server ${name}`, () => prepareServer(before).server] as const,
    ),
    ...atClient.map(
      ({ name, before }) => [`at the client ${name}`, () => prepareClient(before).client] as const,
    ),
  ].filter(([name]) => !name.includes('close'));

  // Refused by the header, before anything is decrypted.
  test.each([
    ['another handshake record', encodeRecordHeader('handshake', 20)],
    ['type 0', Uint8Array.of(0, 0, 0, 20)],
    ['type 7', Uint8Array.of(7, 0, 0, 20)],
    ['type 255', Uint8Array.of(255, 0, 0, 20)],
    ['a record shorter than its tag', encodeRecordHeader('message', 15)],
    ['an empty record', encodeRecordHeader('message', 0)],
    ['a record a byte too long', encodeRecordHeader('data', 1_048_576 + 17)],
    ['a record as long as can be said', encodeRecordHeader('data', 0xffffff)],
    ['an update with content', encodeRecordHeader('update', 17)],
  ])('%s is refused', (_what, header) => {
    for (const [name, prepare] of positions) {
      const session = prepare();
      expect([name, failureOf(() => [...session.receive(header)])]).toEqual([
        name,
        'CryptoError bad-message',
      ]);
      expectDead(session, () => [header]);
    }
  });

  test.each([
    ['message', ''],
    ['message', '00'],
    ['message', 'f6'],
    ['message', 'a0'],
    ['message', '9fff'],
    ['close', ''],
    ['close', 'a0'],
    ['close', 'a26474657874606673746174757300'],
    ['end', ''],
    ['end', 'a0'],
    ['end', 'a1626f6bf5'],
  ] as const)('a %s record with the content %j is refused', (type, hex) => {
    const content = Buffer.from(hex, 'hex');
    for (const { before } of atServer.filter(({ before: records }) => !records.includes('close'))) {
      const { server, peer } = prepareServer(before);
      expect(failureOf(() => feed(server, peer.sealer.seal(type, [content])))).toBe(
        'ProtocolError malformed',
      );
      expectDead(server, () => fromClient.request(peer.sealer));
    }
    for (const { before } of atClient.filter(({ before: records }) => !records.includes('close'))) {
      const { client, peer } = prepareClient(before);
      expect(failureOf(() => feed(client, peer.sealer.seal(type, [content])))).toBe(
        'ProtocolError malformed',
      );
      expectDead(client, () => fromServer.close(peer.sealer));
    }
  });
});

describe('in one piece with what was in order', () => {
  test('what was in order is told first', () => {
    const { server, peer } = serverBeforeRawClient();
    const bytes = joinBytes([
      ...fromClient.request(peer.sealer),
      ...fromClient['request with a body'](peer.sealer),
      ...fromClient.data(peer.sealer),
      ...fromClient.request(peer.sealer),
      ...fromClient.end(peer.sealer),
    ]);
    const told: string[] = [];
    const failure = failureOf(() => {
      for (const event of server.receive(bytes)) told.push(event.type);
    });
    expect(told).toEqual(['request', 'request', 'data']);
    expect(failure).toBe('ProtocolError malformed');
    expectDead(server, () => fromClient.close(peer.sealer));
  });

  test('a second word after the last is refused', () => {
    for (const record of recordNames(fromClient).filter((name) => name !== 'update')) {
      const { server, peer } = serverBeforeRawClient();
      const bytes = [...fromClient.close(peer.sealer), ...fromClient[record](peer.sealer)];
      expect([record, failureOf(() => feed(server, bytes))]).toEqual([
        record,
        'ProtocolError malformed',
      ]);
    }
  });
});

/** After an error, neither what was withheld nor anything else brings an event, nor a good end. */
function expectDead(session: ClientSession | ServerSession, more: () => Uint8Array[]): void {
  expect(failureOf(() => [...session.receive(joinBytes(more()))])).toMatch(
    /^(?:CryptoError misuse|ProtocolError malformed)$/u,
  );
}

function prepareServer(before: readonly ClientRecord[]): ReturnType<typeof serverBeforeRawClient> {
  const both = serverBeforeRawClient();
  for (const record of before) feed(both.server, fromClient[record](both.peer.sealer));
  return both;
}

function prepareClient(before: readonly ServerRecord[]): ReturnType<typeof clientBeforeRawServer> {
  const both = clientBeforeRawServer();
  both.client.request({ command: 'GET', args: {}, body: false });
  both.client.request({ command: 'GET', args: {}, body: false });
  for (const record of before) feed(both.client, fromServer[record](both.peer.sealer));
  return both;
}

function bodyAndClose(): Record<
  'data' | 'empty data' | 'end' | 'end given up' | 'close' | 'update',
  (sealer: Sealer) => Uint8Array[]
> {
  const content = (value: CborValue): Uint8Array[] => [encodeCbor(value)];
  return {
    data: (sealer) => sealer.seal('data', [Uint8Array.of(1, 2, 3)]),
    'empty data': (sealer) => sealer.seal('data', []),
    end: (sealer) => sealer.seal('end', content({ ok: true, size: 3 })),
    'end given up': (sealer) => sealer.seal('end', content({ ok: false, text: 'no' })),
    close: (sealer) => sealer.seal('close', content({ status: 200, text: '' })),
    update: (sealer) => sealer.update(),
  };
}

function requestOf(body: boolean): Uint8Array {
  return encodeCbor({ id: 1, command: 'SEND', args: {}, body });
}

function responseTo(id: number, body: boolean): Uint8Array {
  return encodeCbor({ id, status: 200, text: 'OK', result: null, body });
}

function recordNames<Name extends string>(records: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(records) as Name[];
}
