import { equalBytes, fingerprint, normalizeFingerprint } from '@e2eeftp/crypto';
import { printable } from '@e2eeftp/protocol';
import {
  parseCard,
  roleOf,
  requireCardOf,
  type Card,
  type KeyringChange,
  type Member,
  type OpenedKeyring,
  type Role,
} from '@e2eeftp/vault';

import type { Turnstile } from '../connection/turnstile.js';
import { ClientError } from '../errors.js';
import type { KnownVaults } from '../home/known-vaults.js';
import type { OperationOptions } from '../options.js';
import type { Cards } from './cards.js';
import { findMember } from './find-member.js';
import { changeKeyring, type KeyringStore } from './store-keyring.js';
import { asVaultFailure } from './vault-failure.js';
import type { VaultSession } from './vault-session.js';

/** Somebody who belongs to a vault. */
export interface VaultMember {
  /** The Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array;
  /** Its fingerprint, which is what to compare. */
  readonly fingerprint: string;
  /** What that person calls himself; put it through `printable` before you show it. */
  readonly name: string;
  readonly role: Role;
  /** Whether that is who asks. */
  readonly isSelf: boolean;
}

/** How somebody is added. */
export interface AddOptions extends OperationOptions {
  /** That person's card, when it came another way than over the server. */
  readonly card?: Uint8Array | undefined;
}

/** What the members of a vault are changed with. */
export interface MembersContext {
  readonly store: KeyringStore;
  readonly cards: Cards;
  readonly known: KnownVaults;
  /** One change at a time: two of one client would only get into each other's way. */
  readonly changes: Turnstile;
}

/** Who belongs to one vault. Made by `Vaults`; every change is one of its owners'. */
export class VaultMembers {
  readonly #session: VaultSession;
  readonly #context: MembersContext;

  /** @internal */
  constructor(session: VaultSession, context: MembersContext) {
    this.#session = session;
    this.#context = context;
  }

  /** @returns the members, as the keyring that was accepted last names them */
  list(): readonly VaultMember[] {
    return this.#session.opened.keyring.members.map((member) => this.#shown(member));
  }

  /**
   * Adds somebody. He can read all that is in the vault, also what was written before.
   *
   * @param who - a fingerprint that this person has compared, or a name that was tied to one by that
   * @param role - what he may do
   * @param options - his card, and when to give up
   * @returns the new member, and whether his name from now on means him
   * @throws ClientError `not-found` when nobody is known by that name, or has no card; `integrity` when
   *   the card is not his; `conflict` when he is a member; `not-allowed` for who is no owner
   */
  async add(
    who: string,
    role: Role,
    options: AddOptions = {},
  ): Promise<{ member: VaultMember; isTied: boolean }> {
    const { known } = this.#context;
    const meant = normalizeFingerprint(who) ?? (await known.fingerprintOf(who));
    if (meant === undefined) throw unknownName(who);
    const card = await this.#cardOf(meant, options);
    await this.#change(() => ({ add: [{ card, role }] }), options);
    return {
      member: this.#shown({ card, role }),
      isTied: await known.tie(card.name, meant),
    };
  }

  /**
   * Gives a member another role. Whoever may write no longer begins a new epoch.
   *
   * @param who - a fingerprint, or a name
   * @param role - what he may do from now on
   * @param options - when to give up
   * @returns the member
   * @throws ClientError `not-found`, `conflict` when nobody would own the vault, `not-allowed`
   */
  async changeRole(who: string, role: Role, options: OperationOptions = {}): Promise<VaultMember> {
    const { card } = await this.#find(who, options);
    await this.#change(({ keyring }) => {
      const now = findMember(keyring, fingerprint(card.identity), undefined);
      return now.role === role ? undefined : { roles: [{ identity: card.identity, role }] };
    }, options);
    return this.#shown({ card, role });
  }

  /**
   * Removes a member, which begins a new epoch: he can read nothing that is written from now on.
   *
   * @param who - a fingerprint, or a name
   * @param options - when to give up
   * @returns who was removed
   * @throws ClientError `not-found`, `not-allowed`, or `conflict` for oneself
   */
  async remove(who: string, options: OperationOptions = {}): Promise<VaultMember> {
    const member = await this.#find(who, options);
    const { identity } = member.card;
    if (equalBytes(identity, this.#session.identity.publicKey)) {
      throw new ClientError(
        'conflict',
        'Nobody removes himself from a vault; make somebody else an owner, and ask him to do it',
      );
    }
    await this.#change(() => ({ remove: [identity] }), options);
    return this.#shown(member);
  }

  /**
   * Begins a new epoch, unless there is one already whose files were not all written anew.
   *
   * @param options - when to give up
   * @throws ClientError `not-allowed` for who is no owner
   */
  async beginRekeying(options: OperationOptions = {}): Promise<void> {
    const { keyring: before } = this.#session.opened;
    if (roleOf(before, this.#session.identity.publicKey) !== 'owner') throw notAnOwner();
    await this.#change(({ keyring }) => {
      // Somebody else may have begun one just now, which does as well.
      const isBegun = keyring.oldest < keyring.epoch || keyring.epoch > before.epoch;
      return isBegun ? undefined : { newEpoch: true };
    }, options);
  }

  /**
   * Lets only the files of the epoch in force count from now on.
   *
   * @param options - when to give up
   * @throws ClientError `not-allowed` for who is no owner
   */
  endRekeying(options: OperationOptions = {}): Promise<void> {
    const { epoch } = this.#session.opened.keyring;
    return this.#change(
      ({ keyring }) => (keyring.oldest >= epoch ? undefined : { oldest: epoch }),
      options,
    );
  }

  /** Another owner may have added somebody since the keyrings were looked at. */
  async #find(who: string, options: OperationOptions): Promise<Member> {
    const tied = await this.#context.known.fingerprintOf(who);
    const { sequence } = this.#session.opened.keyring;
    try {
      return findMember(this.#session.opened.keyring, who, tied);
    } catch (error) {
      if (!(await this.#session.refresh({ ...options, than: sequence }))) throw error;
      return findMember(this.#session.opened.keyring, who, tied);
    }
  }

  async #cardOf(meant: string, options: AddOptions): Promise<Card> {
    try {
      const { card } = options;
      if (card) return requireCardOf(parseCard(card), meant);
      return await this.#context.cards.find(meant, options);
    } catch (error) {
      throw asVaultFailure(error, this.#session.label);
    }
  }

  #change(
    plan: (opened: OpenedKeyring) => KeyringChange | undefined,
    options: OperationOptions,
  ): Promise<void> {
    const { store, changes } = this.#context;
    return changes.pass(async () => {
      try {
        await changeKeyring(store, this.#session, plan, options);
      } catch (error) {
        throw asVaultFailure(error, this.#session.label);
      }
    });
  }

  #shown({ card: { identity, name }, role }: Member): VaultMember {
    const isSelf = equalBytes(identity, this.#session.identity.publicKey);
    return { identity, fingerprint: fingerprint(identity), name, role, isSelf };
  }
}

function notAnOwner(): ClientError {
  return new ClientError(
    'not-allowed',
    'Only an owner can write everything in a vault anew; ask one of them',
  );
}

function unknownName(who: string): ClientError {
  return new ClientError(
    'not-found',
    `Nobody is known here as "${printable(who)}"; ask that person for the fingerprint that \`e2eeftp id\` shows, and give it in place of the name`,
  );
}
