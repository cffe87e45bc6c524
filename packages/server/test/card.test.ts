import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { fingerprint, Identity } from '@e2eeftp/crypto';
import { encodeCard, parseCard } from '@e2eeftp/vault';

import { Fixture, settings } from './support/fixture.js';
import { Peer } from './support/peer.js';
import { newPerson, type Person } from './support/test-vault.js';

describe.each(settings)('cards over $way with files $files', (setting) => {
  let fixture: Fixture;
  let alice: Person;
  let bob: Person;

  beforeEach(async () => {
    fixture = await Fixture.start(setting);
    alice = await newPerson(fixture.authorize('ro'), 'alice');
    bob = await newPerson(fixture.authorize('wo'), 'bob');
  });
  afterEach(async () => {
    await fixture.close();
  });

  async function connect({ identity }: Person): Promise<Peer> {
    return Peer.connect(await fixture.open(), identity);
  }

  test('are published by their owners, and found by everybody', async () => {
    const peer = await connect(alice);
    expect(peer.welcome?.commands).toContain('CARD');
    const { publicKey } = alice.identity;
    expect(await peer.call('CARD')).toMatchObject({ status: 404, result: null });
    const card = encodeCard(alice.card);
    expect(await peer.call('CARD', { card })).toMatchObject({ status: 200, result: { card } });
    const other = await connect(bob);
    const { result } = await other.call('CARD', { identity: publicKey });
    const found = parseCard((result as { card: Uint8Array }).card);
    expect(found).toEqual(alice.card);
    const told = { fingerprint: fingerprint(publicKey) };
    expect(await other.call('CARD', told)).toMatchObject({ status: 200, result: { card } });
    expect(await other.call('CARD')).toMatchObject({ status: 404 });
    const renamed = encodeCard((await newPerson(alice.identity, 'Alice B.')).card);
    expect(await peer.call('CARD', { card: renamed })).toMatchObject({ status: 200 });
    expect(await peer.call('CARD')).toMatchObject({ result: { card: renamed } });
    expect(await other.call('CARD', { identity: publicKey })).toMatchObject({
      result: { card: renamed },
    });
  });

  test('of others are not taken, nor what is none', async () => {
    const peer = await connect(alice);
    const theirs = encodeCard(bob.card);
    expect(await peer.call('CARD', { card: theirs })).toMatchObject({ status: 403 });
    const mine = encodeCard(alice.card);
    const crooked = [
      mine.subarray(1),
      Buffer.concat([mine, Buffer.alloc(1)]),
      encodeCard({ ...alice.card, name: 'Bob' }),
      encodeCard({ ...alice.card, recipient: bob.card.recipient }),
      encodeCard({ ...bob.card, identity: alice.identity.publicKey }),
      encodeCard({ ...alice.card, signature: new Uint8Array(64) }),
      new Uint8Array(1536),
      new Uint8Array(1537),
      new Uint8Array(0),
    ];
    for (const card of crooked) {
      const answer = await peer.call('CARD', { card });
      expect(answer).toEqual({ status: 400, text: 'Malformed request', result: null });
    }
    const identity = alice.identity.publicKey;
    const usual = fingerprint(identity);
    for (const args of [
      { card: mine, identity },
      { card: mine, fingerprint: usual },
      { identity, fingerprint: usual },
      { fingerprint: '' },
      { fingerprint: usual.toLowerCase() },
      { fingerprint: usual.replaceAll('-', '') },
      { fingerprint: `../${usual}` },
      { fingerprint: `${usual}\n` },
    ]) {
      expect(await peer.call('CARD', args)).toMatchObject({ status: 400 });
    }
    for (const person of [alice, bob]) {
      const answer = await peer.call('CARD', { identity: person.identity.publicKey });
      expect(answer).toMatchObject({ status: 404 });
    }
  });

  test('of those who have lost their authorization are shown no longer', async () => {
    const peer = await connect(bob);
    await peer.call('CARD', { card: encodeCard(bob.card) });
    const identity = bob.identity.publicKey;
    const other = await connect(alice);
    expect(await other.call('CARD', { identity })).toMatchObject({ status: 200 });
    fixture.revoke(bob.identity);
    expect(await other.call('CARD', { identity })).toMatchObject({ status: 404 });
    const told = { fingerprint: fingerprint(identity) };
    expect(await other.call('CARD', told)).toMatchObject({ status: 404 });
    const stranger = Identity.generate().publicKey;
    expect(await other.call('CARD', { identity: stranger })).toMatchObject({ status: 404 });
  });
});
