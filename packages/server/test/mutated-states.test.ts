import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { defaultBackend, initiateHandshake, type Established } from '@e2eeftp/crypto';
import { decodeCbor, encodeCbor, type CborMap } from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

import { Fixture } from './support/fixture.js';
import { handshake, type Peer } from './support/peer.js';

type Records = (established: Established) => Uint8Array[];

const request =
  (command: string, args: CborMap, body = false): Records =>
  ({ sealer }) =>
    sealer.seal('message', [encodeCbor({ id: 1, command, args, body })]);
const end: Records = ({ sealer }) => sealer.seal('end', [encodeCbor({ ok: true, size: 4 })]);
const data: Records = ({ sealer }) => sealer.seal('data', [Buffer.from('data')]);
const close: Records = ({ sealer }) =>
  sealer.seal('close', [encodeCbor({ status: 200, text: '' })]);

/** A record of a type that is not sealed, since no client has one to seal. */
const unsealed =
  (type: number): Records =>
  () => [Uint8Array.of(type, 0, 0, 48), new Uint8Array(48)];

/** Every type of record, and what is none. */
const records: Readonly<Record<string, Records>> = {
  'a record of type 0': unsealed(0),
  'a record of the handshake': unsealed(1),
  'a request': request('PING', {}),
  'a request with a body': request('SEND', { path: 'received/late' }, true),
  data,
  'an end': end,
  'a close': close,
  'an update': ({ sealer }) => sealer.update(),
  'a record of type 7': unsealed(7),
  'a record of type 255': unsealed(255),
};

type State = 'ready' | 'in a body' | 'closed';

/** What comes before, and where the session is then. */
const states: Readonly<Record<string, { readonly before: Records; readonly state: State }>> = {
  'after the welcome': { before: () => [], state: 'ready' },
  'after a request': { before: request('PING', {}), state: 'ready' },
  'while a long answer is on its way': {
    before: request('GET', { path: 'received/big' }),
    state: 'ready',
  },
  'after a request that is refused': { before: request('NO', {}), state: 'ready' },
  'after an update': { before: ({ sealer }) => sealer.update(), state: 'ready' },
  'after a request that has a body': {
    before: request('SEND', { path: 'received/f' }, true),
    state: 'in a body',
  },
  'within a body': {
    before: (all) => [...request('SEND', { path: 'received/f' }, true)(all), ...data(all)],
    state: 'in a body',
  },
  'within a body that nobody wants': {
    before: (all) => [...request('SEND', { path: 'elsewhere/f' }, true)(all), ...data(all)],
    state: 'in a body',
  },
  'after a body': {
    before: (all) => [
      ...request('SEND', { path: 'received/f' }, true)(all),
      ...data(all),
      ...end(all),
    ],
    state: 'ready',
  },
  'after a close': { before: close, state: 'closed' },
};

const allowed: Readonly<Record<State, readonly string[]>> = {
  ready: ['a request', 'a request with a body', 'a close', 'an update'],
  'in a body': ['data', 'an end', 'a close', 'an update'],
  closed: [],
};

describe.each(['TCP', 'memory'] as const)('over %s', (way) => {
  let fixture: Fixture;
  let witness: Peer;

  beforeAll(async () => {
    fixture = await Fixture.start({ way, limits: { delaysFailures: false } });
    witness = await fixture.connect();
    await witness.send('received/big', Buffer.alloc(1_000_000));
  });
  afterAll(async () => {
    await fixture.close();
  });

  /** Everything that comes until the server hangs up: how often which record. */
  async function heard(transport: Transport, { opener }: Established): Promise<string[]> {
    const types: string[] = [];
    try {
      for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
        for (const { type, plaintext } of opener.receive(chunk)) {
          const { status } = type === 'data' ? {} : (decodeCbor(plaintext) as CborMap);
          types.push(typeof status === 'number' ? `${type} ${status}` : type);
        }
      }
    } catch (error) {
      expect(error).toMatchObject({ name: 'TransportError' });
    }
    return types;
  }

  for (const [when, { before, state }] of Object.entries(states)) {
    test.each(Object.entries(records))(`${when}, %s`, async (what, say) => {
      await witness.call('DELETE', { path: 'received/f' });
      const transport = await fixture.open();
      const established = await handshake(transport, fixture.authorize());
      await transport.write(before(established));
      await transport.write(say(established)).catch(() => undefined);
      const isAllowed = allowed[state].includes(what);
      const isInBody =
        what === 'a request with a body' || (state === 'in a body' && what !== 'an end');
      if (isAllowed && what !== 'a close') {
        // Whatever is open is brought to its end, and the session with it.
        if (isInBody) await transport.write(end(established));
        await transport.write(close(established));
      }
      const hearing = heard(transport, established);
      if (isAllowed) await transport.end();
      const isGoodbye = (await hearing).at(-1) === 'close 200';
      // What came behind a close may have been overtaken by the answer to it.
      if (state !== 'closed') expect(isGoodbye).toBe(isAllowed);
      transport.destroy();
      await fixture.untilConnections(1);
      expect(await witness.call('PING')).toMatchObject({ status: 200 });
      const parts = (when === 'within a body' ? 1 : 0) + (what === 'data' ? 1 : 0);
      const isEnded = isAllowed && state === 'in a body' && what !== 'a close' && parts === 1;
      const isWanted = when !== 'within a body that nobody wants';
      const isStored = when === 'after a body' || (isEnded && isWanted);
      expect(await witness.get('received/f')).toBe(isStored ? 'data' : 404);
      expect(fixture.logged('connection failed')).toEqual([]);
      expect(fixture.logged('a command failed')).toEqual([]);
    });
  }

  /** What a client may say at once before it is known, and how much of a handshake went before. */
  describe.each([
    ['before the hello', 0],
    ['after half a hello', 1],
    ['after the hello', 2],
  ] as const)('%s', (_when, progress) => {
    test.each([0, 1, 2, 3, 4, 5, 6, 7, 101, 255])(
      'a record of type %d ends it without a word',
      async (type) => {
        const transport = await fixture.open();
        const role = initiateHandshake({
          backend: defaultBackend,
          identity: fixture.authorize(),
          acceptServer: () => true,
        });
        const hello = role.start();
        if (progress === 1) await transport.write([hello.subarray(0, 700)]);
        if (progress === 2) {
          await transport.write([hello]);
          const answer = await transport.read();
          expect(answer?.length).toBeGreaterThan(1000);
        }
        // As many bytes as the rest of a handshake may have, and more.
        const record = new Uint8Array(4 + 1500);
        record.set([type, 0, 5, 220]);
        await transport.write([record]).catch(() => undefined);
        let bytes = 0;
        try {
          for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
            bytes += chunk.length;
          }
        } catch (error) {
          expect(error).toMatchObject({ name: 'TransportError' });
        }
        expect(bytes).toBe(0);
        await fixture.untilConnections(1);
        expect(await witness.call('PING')).toMatchObject({ status: 200 });
        expect(fixture.logged('connection failed')).toEqual([]);
      },
    );
  });
});
