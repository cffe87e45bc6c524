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
/** Bytes that no network holds while nobody reads them. */
const longAnswer = 8_000_000;

type State = 'ready' | 'in a body' | 'closed';

/** How a client has brought a session somewhere. */
interface Past {
  readonly before: Records;
  readonly state: State;
  /** What the server says to that, the bytes of bodies apart. */
  readonly answers: readonly string[];
}

const send: Records = request('SEND', { path: 'received/f' }, true);
const unwanted: Records = request('SEND', { path: 'elsewhere/f' }, true);

/** What comes before, and where the session is then. */
const states = {
  'after the welcome': { before: () => [], state: 'ready', answers: [] },
  'after a request': { before: request('PING', {}), state: 'ready', answers: ['message 200'] },
  'while a long answer is on its way': {
    before: request('GET', { path: 'received/big' }),
    state: 'ready',
    answers: ['message 200', 'end'],
  },
  'after a request that is refused': {
    before: request('NO', {}),
    state: 'ready',
    answers: ['message 400'],
  },
  'after an update': { before: update, state: 'ready', answers: [] },
  'after a request that has a body': { before: send, state: 'in a body', answers: [] },
  'within a body': {
    before: (all) => [...send(all), ...data(all)],
    state: 'in a body',
    answers: [],
  },
  'within a body that nobody wants': {
    before: (all) => [...unwanted(all), ...data(all)],
    state: 'in a body',
    answers: ['message 403'],
  },
  'after a body': {
    before: (all) => [...send(all), ...data(all), ...end(all)],
    state: 'ready',
    answers: ['message 226'],
  },
  'after a close': { before: close, state: 'closed', answers: ['close 200'] },
} satisfies Readonly<Record<string, Past>>;

type StateName = keyof typeof states;

const allowed: Readonly<Record<State, readonly RecordName[]>> = {
  ready: ['a request', 'a request with a body', 'a close', 'an update'],
  'in a body': ['data', 'an end', 'a close', 'an update'],
  closed: [],
};

/** What the server says when all goes on as it should, from the welcome to the last word. */
function conversation(when: StateName, what: RecordName, isStored: boolean): string[] {
  const { state, answers } = states[when];
  const isRefused = answers.length > 0;
  const own: string[] = [];
  if (what === 'a request') own.push('message 200');
  // Its end says another size than it has.
  if (what === 'a request with a body') own.push('message 400');
  if (state === 'in a body' && !isRefused) own.push(isStored ? 'message 226' : 'message 400');
  return ['message', ...answers, ...own, 'close 200'];
}

describe.each(['TCP', 'memory'] as const)('over %s', (way) => {
  let fixture: Fixture;
  let witness: Peer;

  beforeAll(async () => {
    fixture = await Fixture.start({ way, limits: { delaysFailures: false } });
    witness = await fixture.connect();
    await witness.send('received/big', Buffer.alloc(longAnswer));
  });
  afterAll(async () => {
    await fixture.close();
  });

  for (const when of Object.keys(states) as StateName[]) {
    test.each(recordNames)(`${when}, %s`, async (what) => {
      const { before, state, answers }: Past = states[when];
      await witness.call('DELETE', { path: 'received/f' });
      const transport = await fixture.open();
      const established = await handshake(transport, fixture.authorize());
      await transport.write(before(established));
      await transport.write(everyRecord[what](established)).catch(() => undefined);
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
      const said = (await hearing).filter((type) => type !== 'data');
      transport.destroy();
      await fixture.untilConnections(1);
      expect(await witness.call('PING')).toMatchObject({ status: 200 });
      const parts = (when === 'within a body' ? 1 : 0) + (what === 'data' ? 1 : 0);
      const isEnded = isAllowed && state === 'in a body' && what !== 'a close' && parts === 1;
      const isWanted = when !== 'within a body that nobody wants';
      const isStored = when === 'after a body' || (isEnded && isWanted);
      if (isAllowed) expect(said).toEqual(conversation(when, what, isStored));
      // What was answered before may be lost on the way, but nothing is said that was not to be.
      else expect(['message', ...answers].slice(0, said.length)).toEqual(said);
      // A connection that breaks takes with it what was whole, but neither in its place nor answered.
      const mayBeGone = !isStored || (!isAllowed && said.length < 2);
      const possible = [...(isStored ? ['data'] : []), ...(mayBeGone ? [404] : [])];
      expect(possible).toContain(await witness.get('received/f'));
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
