import {
  KeyringChain,
  makeFirstKeyring,
  makeNextKeyring,
  openKeyring,
  type Keyring,
  type KeyringChange,
  type OpenedKeyring,
} from '../../src/index.js';
import { encodeKeyring, parseKeyring, signedPart } from '../../src/keyring/keyring.js';
import type { Person } from './people.js';

/** A vault with the keyrings that were made so far, as a server stores them. */
export interface StoredVault {
  readonly vault: Uint8Array;
  readonly keyrings: Uint8Array[];
}

/** Begins a vault and makes the given changes one after the other, all by its first owner. */
export async function vaultOf(
  owner: Person,
  changes: readonly KeyringChange[] = [],
  kind: 'home' | 'shared' = 'shared',
): Promise<StoredVault> {
  const { vault, bytes } = await makeFirstKeyring({
    owner: owner.identity,
    card: owner.card,
    name: 'team',
    kind,
  });
  const stored = { vault, keyrings: [bytes] };
  for (const change of changes) await append(stored, owner, change);
  return stored;
}

/** Makes the next keyring and stores it. */
export async function append(
  stored: StoredVault,
  owner: Person,
  change: KeyringChange,
): Promise<Keyring> {
  const bytes = await makeNextKeyring(await open(stored, owner), owner.identity, change);
  stored.keyrings.push(bytes);
  return parseKeyring(bytes);
}

/** Walks the keyrings from the first on, the last ones left out when a number is given. */
export function walk(stored: StoredVault, count = stored.keyrings.length): KeyringChain {
  const chain = KeyringChain.begin({ vault: stored.vault });
  for (const bytes of stored.keyrings.slice(0, count)) chain.accept(bytes);
  return chain;
}

export async function open(stored: StoredVault, member: Person): Promise<OpenedKeyring> {
  return openKeyring(walk(stored), member.sealing);
}

/** A keyring with other contents and a signature that is right for them: what a forger can do. */
export function forge(bytes: Uint8Array, signer: Person, change: Partial<Keyring>): Uint8Array {
  const forged = { ...parseKeyring(bytes), signer: signer.identity.publicKey, ...change };
  return encodeKeyring({ ...forged, signature: signer.identity.sign(signedPart(forged)) });
}
