import { createHash } from 'node:crypto';

import { fingerprint, Identity } from '@e2eeftp/crypto';

import { makeCard, SealingIdentity, type Card } from '../../src/index.js';

/** Somebody with everything that he needs to belong to vaults. */
export interface Person {
  readonly identity: Identity;
  readonly sealing: SealingIdentity;
  readonly card: Card;
  readonly fingerprint: string;
}

const known = new Map<string, Promise<Person>>();

/** The person of this name: the same one in every test. */
export async function person(name: string): Promise<Person> {
  const made = known.get(name) ?? makePerson(name);
  known.set(name, made);
  return made;
}

async function makePerson(name: string): Promise<Person> {
  const seed = createHash('sha256').update(`a person called ${name}`).digest();
  const identity = new Identity(Uint8Array.from(seed));
  const sealing = SealingIdentity.of(identity);
  return {
    identity,
    sealing,
    card: makeCard(identity, sealing, name),
    fingerprint: fingerprint(identity.publicKey),
  };
}
