import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  mayWrite,
  openKeyring,
  roleOf,
  wasWriter,
  type KeyringChange,
  type Role,
} from '../../src/index.js';
import { encodeKeyring } from '../../src/keyring/keyring.js';
import { hex } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { person, type Person } from '../support/people.js';
import { append, vaultOf, walk } from '../support/vaults.js';

let owner: Person;
let others: Person[];

beforeAll(async () => {
  owner = await person('alice');
  others = await Promise.all(['bob', 'carol', 'dave'].map(person));
});

/** What somebody is to be next: a member with a role, or none. */
const step = fc.record({
  who: fc.nat(2),
  role: fc.constantFrom<Role | 'none'>('owner', 'writer', 'reader', 'none'),
});

/** What a person was in each epoch, at its end, as somebody who watched would have noted. */
type Notes = Map<Person, Map<number, Role>>;

function changeTo(who: Person, before: Role | undefined, role: Role | 'none'): KeyringChange {
  const { card } = who;
  if (role === 'none') return before ? { remove: [card.identity] } : {};
  if (before) return { roles: [{ identity: card.identity, role }] };
  return { add: [{ card, role }] };
}

/** Writers of today wrote in all epochs; others only up to the last epoch that they ended as writers. */
function believed(notes: Notes, who: Person, now: Role | undefined, epoch: number): boolean {
  if (mayWrite(now)) return true;
  const ended = [...(notes.get(who) ?? [])].filter(([, role]) => mayWrite(role));
  return ended.some(([last]) => epoch <= last);
}

test('whatever an owner does, the chain takes it, and everybody can do what he should', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
      const stored = await vaultOf(owner);
      const notes: Notes = new Map(others.map((who) => [who, new Map<number, Role>()]));
      for (const { who: index, role } of steps) {
        const who = others[index] as Person;
        const before = walk(stored).current;
        const was = roleOf(before, who.card.identity);
        // An epoch ends for somebody as what he was in its last keyring.
        if (was) notes.get(who)?.set(before.epoch, was);
        const now = await append(stored, owner, changeTo(who, was, role));
        const isNow = roleOf(now, who.card.identity);
        const lost = (was !== undefined && !isNow) || (mayWrite(was) && !mayWrite(isNow));
        expect(now.epoch).toBe(before.epoch + (lost ? 1 : 0));
      }
      const { current } = walk(stored);
      expect(hex(encodeKeyring(current))).toBe(hex(stored.keyrings.at(-1) as Uint8Array));
      for (const who of others) {
        const role = roleOf(current, who.card.identity);
        const verdict = codeOf(() => openKeyring(walk(stored), who.sealing));
        expect(verdict).toBe(role ? undefined : 'not-a-member');
        for (let epoch = 1; epoch <= current.epoch; epoch++) {
          const expected = believed(notes, who, role, epoch);
          expect(wasWriter(current, who.card.identity, epoch)).toBe(expected);
        }
      }
    }),
    { numRuns: 8 },
  );
});
