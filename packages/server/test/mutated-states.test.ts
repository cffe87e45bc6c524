import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { defaultBackend, Identity, initiateHandshake } from '@e2eeftp/crypto';

import { Fixture } from './support/fixture.js';
import {
  close,
  data,
  endOf,
  everyRecord,
  heard,
  recordNames,
  request,
  update,
  type RecordName,
  type Records,
} from './support/mutation/every-record.js';
import { handshake, type Peer } from './support/peer.js';

const end = endOf(4);

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
  'after an update': { before: update, state: 'ready' },
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

const allowed: Readonly<Record<State, readonly RecordName[]>> = {
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

  for (const [when, { before, state }] of Object.entries(states)) {
    test.each(recordNames)(`${when}, %s`, async (what) => {
      const say = everyRecord[what];
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

  test.each(recordNames)(
    'to whom the server does not know, %s changes nothing about the answer',
    async (what) => {
      const transport = await fixture.open();
      const established = await handshake(transport, Identity.generate());
      await transport.write(everyRecord[what](established)).catch(() => undefined);
      await transport.end().catch(() => undefined);
      expect(await heard(transport, established)).toEqual(['close 403']);
      await fixture.untilConnections(1);
      expect(await witness.get('received/late')).toBe(404);
      expect(fixture.logged('connection failed')).toEqual([]);
    },
  );

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
