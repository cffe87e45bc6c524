import { Identity } from '@e2eeftp/crypto';
import { decodeCbor, encodeCbor, type CborMap } from '@e2eeftp/protocol';
import {
  KeyringChain,
  keyringPath,
  labels,
  makeCard,
  makeFirstKeyring,
  makeNextKeyring,
  openKeyring,
  SealingIdentity,
  vaultPath,
  type Card,
  type KeyringChange,
  type Role,
} from '@e2eeftp/vault';

/** Somebody with everything that he needs to belong to vaults. */
export interface Person {
  readonly identity: Identity;
  readonly sealing: SealingIdentity;
  readonly card: Card;
}

/** A person with this identity, or with a new one. */
export async function newPerson(identity = Identity.generate(), name = 'alice'): Promise<Person> {
  const sealing = SealingIdentity.of(identity);
  return { identity, sealing, card: makeCard(identity, sealing, name) };
}

/** A vault with the keyrings that its owners made, whether a server took them or not. */
export class TestVault {
  readonly vault: Uint8Array;
  readonly keyrings: readonly Uint8Array[];

  private constructor(vault: Uint8Array, keyrings: readonly Uint8Array[]) {
    this.vault = vault;
    this.keyrings = keyrings;
  }

  static async begin(
    { identity, card }: Person,
    kind: 'home' | 'shared' = 'shared',
  ): Promise<TestVault> {
    const { vault, bytes } = await makeFirstKeyring({ owner: identity, card, name: 'team', kind });
    return new TestVault(vault, [bytes]);
  }

  /** The folder, with what is in it. */
  at(...names: string[]): string {
    return [vaultPath(this.vault), ...names].join('/');
  }

  keyringAt(sequence: number): string {
    return keyringPath(this.vault, sequence);
  }

  /** The number of the last keyring. */
  get sequence(): number {
    return this.keyrings.length;
  }

  /** The bytes of the last keyring. */
  get newest(): Uint8Array {
    return this.keyrings.at(-1) ?? new Uint8Array(0);
  }

  /** The same vault with one keyring more, so that several can continue one state. */
  async with(owner: Person, change: KeyringChange): Promise<TestVault> {
    const opened = openKeyring(this.#chain(), owner.sealing);
    const next = await makeNextKeyring(opened, owner.identity, change);
    return new TestVault(this.vault, [...this.keyrings, next]);
  }

  /** With somebody more in it. */
  withMember(owner: Person, { card }: Person, role: Role): Promise<TestVault> {
    return this.with(owner, { add: [{ card, role }] });
  }

  #chain(): KeyringChain {
    const chain = KeyringChain.begin({ vault: this.vault });
    for (const bytes of this.keyrings) chain.accept(bytes);
    return chain;
  }
}

/** A keyring that says something else, with a signature that is right for that. */
export function forgeKeyring(bytes: Uint8Array, signer: Person, change: CborMap): Uint8Array {
  const stored = Object.entries(decodeCbor(bytes) as CborMap);
  const unsigned = Object.fromEntries(stored.filter(([field]) => field !== 'signature'));
  const forged = { ...unsigned, signer: signer.identity.publicKey, ...change };
  const signed = Buffer.concat([Buffer.from(labels.keyring), Buffer.from([0]), encodeCbor(forged)]);
  return encodeCbor({ ...forged, signature: signer.identity.sign(signed) });
}
