import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Admission, type AdmissionLimits, type Ticket } from '../../src/admission/admission.js';

const generous: AdmissionLimits = {
  connections: 1000,
  connectionsPerAddress: 1000,
  handshakes: 1000,
  delaysFailures: false,
};

function admissionWith(limits: Partial<AdmissionLimits>, now?: () => number): Admission {
  return new Admission({ ...generous, ...limits }, now);
}

/** Lets somebody in who must be let in. */
function enter(admission: Admission, peer = '192.0.2.7:1'): Ticket {
  const ticket = admission.admit(peer);
  if (typeof ticket === 'string') throw new Error(`refused: ${ticket}`);
  return ticket;
}

/** Begins a handshake, and says whether its turn has come. */
function begin(ticket: Ticket): { hasBegun: boolean; readonly promise: Promise<void> } {
  const state = { hasBegun: false, promise: Promise.resolve() };
  state.promise = ticket.begin().then(() => {
    state.hasBegun = true;
  });
  return state;
}

/** Until what follows from the calls so far has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

describe('connections', () => {
  test('are taken up to the limit, and again when one has ended', () => {
    const admission = admissionWith({ connections: 2 });
    const first = enter(admission, '192.0.2.1:1');
    enter(admission, '192.0.2.2:1');
    expect(admission.admit('192.0.2.3:1')).toBe('connections');
    first.close(false);
    enter(admission, '192.0.2.3:1');
    expect(admission.admit('192.0.2.1:1')).toBe('connections');
    expect(admission.connections).toBe(2);
  });

  test('are taken from one address up to its limit, and from others all the same', () => {
    const admission = admissionWith({ connectionsPerAddress: 2 });
    const first = enter(admission, '192.0.2.1:1');
    enter(admission, '[::ffff:192.0.2.1]:2');
    expect(admission.admit('192.0.2.1:3')).toBe('connections-per-address');
    enter(admission, '192.0.2.2:1');
    first.close(false);
    first.close(true);
    enter(admission, '192.0.2.1:3');
    expect(admission.admit('192.0.2.1:4')).toBe('connections-per-address');
  });

  test('from one network of IPv6 count together', () => {
    const admission = admissionWith({ connectionsPerAddress: 3 });
    for (const host of [1, 2, 3]) enter(admission, `[2001:db8::${host}]:1`);
    expect(admission.admit('[2001:db8::ffff:1]:1')).toBe('connections-per-address');
    enter(admission, '[2001:db8:0:1::1]:1');
  });

  test('that are refused are not counted', () => {
    const admission = admissionWith({ connections: 1 });
    const only = enter(admission);
    for (let index = 0; index < 10; index++) expect(admission.admit('x')).toBe('connections');
    only.close(false);
    expect(admission.connections).toBe(0);
    enter(admission, 'x');
  });
});

describe('handshakes', () => {
  test('begin in the order in which they came', async () => {
    const admission = admissionWith({ handshakes: 2 });
    const tickets = Array.from({ length: 6 }, (_, index) => enter(admission, `192.0.2.${index}:1`));
    const turns = tickets.map(begin);
    const begun = (): number[] => turns.flatMap(({ hasBegun }, index) => (hasBegun ? [index] : []));
    await settled();
    expect(begun()).toEqual([0, 1]);
    tickets[1]?.established();
    await settled();
    expect(begun()).toEqual([0, 1, 2]);
    tickets[0]?.close(true);
    await settled();
    expect(begun()).toEqual([0, 1, 2, 3]);
    expect(admission.handshakes).toBe(2);
    for (const ticket of tickets) ticket.close(false);
    expect(admission.handshakes).toBe(0);
  });

  test('that are given up while they wait end the wait and take no turn', async () => {
    const admission = admissionWith({ handshakes: 1 });
    const [first, second, third] = [enter(admission), enter(admission), enter(admission)] as const;
    begin(first);
    const waiting = begin(second);
    const last = begin(third);
    second.close(false);
    await settled();
    expect([waiting.hasBegun, last.hasBegun]).toEqual([true, false]);
    expect(admission.handshakes).toBe(1);
    first.close(false);
    await settled();
    expect(last.hasBegun).toBe(true);
    expect(admission.handshakes).toBe(1);
  });

  test('that begin after their connection has ended neither wait nor count', async () => {
    const admission = admissionWith({ handshakes: 1 });
    begin(enter(admission));
    const late = enter(admission);
    late.close(false);
    await late.begin();
    expect(admission.handshakes).toBe(1);
  });

  test('begin once, however often that is asked for', async () => {
    const admission = admissionWith({ handshakes: 3 });
    const ticket = enter(admission);
    await Promise.all([ticket.begin(), ticket.begin()]);
    await ticket.begin();
    expect(admission.handshakes).toBe(1);
    ticket.established();
    ticket.established();
    await ticket.begin();
    expect(admission.handshakes).toBe(0);
    ticket.close(false);
    ticket.close(false);
    expect([admission.handshakes, admission.connections]).toEqual([0, 0]);
  });

  test('of one address never keep another out', async () => {
    const admission = admissionWith({ handshakes: 4 });
    const many = Array.from({ length: 50 }, (_, port) => enter(admission, `192.0.2.1:${port}`));
    const turns = many.map(begin);
    await settled();
    expect(turns.filter(({ hasBegun }) => hasBegun)).toHaveLength(2);
    const other = begin(enter(admission, '192.0.2.2:1'));
    await settled();
    expect(other.hasBegun).toBe(true);
  });

  test('of the address with the fewest under way come first', async () => {
    const admission = admissionWith({ handshakes: 4 });
    const of = (host: number): Ticket => enter(admission, `192.0.2.${host}:1`);
    const [one, two] = [of(1), of(1)] as const;
    for (const ticket of [one, two, of(2), of(2)]) begin(ticket);
    const late = begin(of(1));
    const other = begin(of(3));
    await settled();
    expect([late.hasBegun, other.hasBegun]).toEqual([false, false]);
    one.established();
    await settled();
    expect([late.hasBegun, other.hasBegun]).toEqual([false, true]);
    two.established();
    await settled();
    expect(late.hasBegun).toBe(true);
  });

  test('are possible where there can be one at a time only', async () => {
    const admission = admissionWith({ handshakes: 1 });
    for (let index = 0; index < 5; index++) {
      const ticket = enter(admission);
      await ticket.begin();
      ticket.established();
    }
  });
});

describe('failures', () => {
  test('make their address wait, and no other, and then no more', () => {
    let now = 0;
    const admission = admissionWith({ delaysFailures: true }, () => now);
    for (let failures = 0; failures < 6; failures++) enter(admission, '192.0.2.1:1').close(true);
    expect(admission.admit('192.0.2.1:2')).toBe('failures');
    expect(admission.admit('[::ffff:192.0.2.1]:2')).toBe('failures');
    enter(admission, '192.0.2.2:1');
    now = 1000;
    enter(admission, '192.0.2.1:2').established();
    for (let failures = 0; failures < 5; failures++) enter(admission, '192.0.2.1:1').close(true);
    enter(admission, '192.0.2.1:1');
  });

  test('of nobody are counted when a connection ends well, or ends again', () => {
    const admission = admissionWith({ delaysFailures: true });
    for (let index = 0; index < 50; index++) {
      const ticket = enter(admission);
      ticket.close(false);
      ticket.close(true);
    }
    enter(admission);
  });

  test('of who has no address keep nobody out, and neither do its connections', async () => {
    const limits = { delaysFailures: true, connectionsPerAddress: 2, handshakes: 4 };
    const admission = admissionWith(limits);
    for (let failures = 0; failures < 50; failures++) enter(admission, 'memory').close(true);
    const tickets = Array.from({ length: 4 }, () => enter(admission, 'memory'));
    // As if each came from an address of its own.
    await Promise.all(tickets.map((ticket) => ticket.begin()));
    expect(admission.handshakes).toBe(4);
    for (const ticket of tickets) ticket.close(false);
    expect(admission).toMatchObject({ connections: 0, handshakes: 0 });
  });

  test('cost nothing where they shall not', () => {
    const admission = admissionWith({ delaysFailures: false });
    for (let failures = 0; failures < 50; failures++) enter(admission).close(true);
    enter(admission);
  });
});

/** What a ticket of the model may be about. */
interface Modelled {
  readonly ticket: Ticket;
  readonly host: number;
  state: 'new' | 'asked' | 'known' | 'closed';
  /** How many asked before it. */
  place: number;
  hasBegun: boolean;
}

test('whatever happens, the counts are those of what is open', async () => {
  const hosts = 4;
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ what: fc.constant('admit'), which: fc.nat(hosts - 1) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        what: fc.constantFrom('begin', 'established', 'close', 'fail'),
        which: fc.nat(30),
      }),
    },
  );
  const limits = fc.record({
    connections: fc.integer({ min: 1, max: 12 }),
    connectionsPerAddress: fc.integer({ min: 1, max: 6 }),
    handshakes: fc.integer({ min: 1, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 80 }), async (chosen, steps) => {
      const admission = admissionWith(chosen);
      const all: Modelled[] = [];
      for (const { what, which } of steps) {
        await take(admission, chosen, all, what, which);
        expectBalance(admission, chosen, all);
      }
      for (const { ticket } of all) ticket.close(false);
      await settled();
      expect(all.filter(({ state, hasBegun }) => state === 'asked' && !hasBegun)).toEqual([]);
      expect([admission.connections, admission.handshakes]).toEqual([0, 0]);
      // Nothing is left that would keep somebody out.
      for (let count = 0; count < chosen.connections; count++) {
        enter(admission, `198.51.100.${count}:1`);
      }
    }),
    { numRuns: 300 },
  );
});

async function take(
  admission: Admission,
  limits: Pick<AdmissionLimits, 'connections' | 'connectionsPerAddress'>,
  all: Modelled[],
  what: string,
  which: number,
): Promise<void> {
  const open = all.filter(({ state }) => state !== 'closed');
  if (what === 'admit') {
    const given = admission.admit(`192.0.2.${which}:${all.length}`);
    const ofHost = open.filter(({ host }) => host === which).length;
    if (open.length >= limits.connections) expect(given).toBe('connections');
    else if (ofHost >= limits.connectionsPerAddress) expect(given).toBe('connections-per-address');
    else if (typeof given === 'string') throw new Error(`refused: ${given}`);
    else all.push({ ticket: given, host: which, state: 'new', place: 0, hasBegun: false });
    return;
  }
  // Closed ones too: whoever owns a ticket may say things twice.
  const entry = all[which % Math.max(1, all.length)];
  if (!entry) return;
  if (what === 'begin') {
    if (entry.state === 'new') {
      entry.state = 'asked';
      entry.place = 1 + Math.max(...all.map(({ place }) => place));
    }
    void entry.ticket.begin().then(() => {
      entry.hasBegun = true;
    });
  } else if (what === 'established') {
    // Only a handshake that has begun can succeed.
    if (entry.state !== 'asked' || !entry.hasBegun) return;
    entry.ticket.established();
    entry.state = 'known';
  } else {
    entry.ticket.close(what === 'fail');
    entry.state = 'closed';
  }
  await settled();
}

function expectBalance(
  admission: Admission,
  { handshakes }: Pick<AdmissionLimits, 'handshakes'>,
  all: readonly Modelled[],
): void {
  const open = all.filter(({ state }) => state !== 'closed');
  const asked = open.filter(({ state }) => state === 'asked');
  const underWay = asked.filter(({ hasBegun }) => hasBegun);
  expect(admission.connections).toBe(open.length);
  expect(admission.handshakes).toBe(underWay.length);
  expect(underWay.length).toBeLessThanOrEqual(handshakes);
  // Whoever waits does so because all turns are taken, or all that its address may have.
  const share = Math.ceil(handshakes / 2);
  for (const { host } of asked.filter(({ hasBegun }) => !hasBegun)) {
    const ofHost = underWay.filter((other) => other.host === host).length;
    expect(underWay.length === handshakes || ofHost === share).toBe(true);
  }
  // Of one address, nobody overtakes.
  for (const { host } of open) {
    const ofHost = asked.filter((other) => other.host === host).sort((a, b) => a.place - b.place);
    const turns = ofHost.map(({ hasBegun }) => hasBegun);
    expect(turns).toEqual([...turns].sort((a, b) => Number(b) - Number(a)));
  }
}
