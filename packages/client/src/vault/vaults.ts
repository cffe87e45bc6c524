import { fingerprint, type Identity } from '@e2eeftp/crypto';
import {
  formatInvitation,
  formatVaultId,
  parseInvitation,
  parseVaultId,
  VaultError,
  type Card,
} from '@e2eeftp/vault';

import type { Client } from '../client.js';
import { Turnstile } from '../connection/turnstile.js';
import { ClientError } from '../errors.js';
import type { ClientHome } from '../home/client-home.js';
import { checkedAlias, KnownVaults, noAlias, type KnownVault } from '../home/known-vaults.js';
import type { OperationOptions } from '../options.js';
import { usualTree } from '../remote-name.js';
import { listedVaults } from './listed-vaults.js';
import { OwnVaults } from './own-vaults.js';
import { Rekeying, type RekeyOptions, type RekeyResult } from './rekey-vault.js';
import { VaultMembers } from './vault-members.js';
import type { VaultSession } from './vault-session.js';
import {
  insideOf,
  notJoined,
  summarize,
  type VaultInside,
  type VaultSummary,
} from './vault-summary.js';
import { VaultTree } from './vault-tree.js';
import { verifyVault, type VerifyOptions, type VerifyResult } from './verify-vault.js';

/** Whose vaults they are, and where what is known of them is kept. */
export interface VaultsOptions {
  /** Who has them; the identity that the client has connected with. */
  readonly identity: Identity;
  /** Keeps accepted keyrings, names and broken uploads; by default nothing outlives the object. */
  readonly home?: Pick<ClientHome, 'keyrings' | 'seen' | 'vaults' | 'vaultUploads'> | undefined;
  /** What to be called on a card, where there is none yet; by default a part of the fingerprint. */
  readonly name?: string | undefined;
}

/** How a vault is opened. */
export interface OpenOptions extends OperationOptions {
  /** Whether `home` is made when it is not there yet; by default it is. */
  readonly makesHome?: boolean | undefined;
}

/** How a vault is joined. */
export interface JoinOptions extends OperationOptions {
  /**
   * Is shown who began a vault that is given without an invitation, and throws to refuse: the server
   * could show a vault of its own.
   */
  readonly confirm?: ((fingerprint: string) => Promise<void>) | undefined;
  /** What to call the vault; by default as its owners do. */
  readonly alias?: string | undefined;
}

/** How a vault is left. */
export interface LeaveOptions extends OperationOptions {
  /** Whether what was accepted of it is forgotten, too. */
  readonly forget?: boolean | undefined;
}

/**
 * The vaults of one person at one server, by the names that they have here: `home`, and those that were
 * created or joined. Dispose of it when nothing of them is under way any more; the client outlives it.
 */
export class Vaults implements Disposable {
  readonly #client: Client;
  readonly #home: VaultsOptions['home'];
  readonly #known: KnownVaults;
  readonly #own: OwnVaults;
  readonly #changes = new Turnstile();
  readonly #sessions = new Map<string, Promise<VaultSession>>();
  readonly #trees = new WeakMap<VaultSession, VaultTree>();

  /**
   * @param client - a client of the server
   * @param options - whose vaults they are
   */
  constructor(client: Client, { identity, home, name }: VaultsOptions) {
    this.#client = client;
    this.#home = home;
    this.#known = home?.vaults ?? new KnownVaults();
    const usualName = fingerprint(identity.publicKey).slice(0, 5);
    this.#own = new OwnVaults(client, { identity, kept: home?.keyrings, name: name ?? usualName });
  }

  /**
   * Opens a vault, once: further calls give the same session. `home` is made when it is not there yet.
   *
   * @param alias - `home`, or the name of a vault here
   * @param options - whether to make `home`, and when to give up
   * @returns the vault, which is disposed of with this object
   * @throws ClientError `not-found` for a name that no vault has, or when the vault is not there;
   *   `bad-request` when the server keeps no vaults; what `VaultSession.open` throws
   */
  async open(alias: string, options: OpenOptions = {}): Promise<VaultSession> {
    this.#own.requireVaults();
    const name = alias.normalize('NFC');
    const known = this.#sessions.get(name);
    if (known) return known;
    if (name === usualTree && options.makesHome === false) return this.#openExistingHome(options);
    const opening = name === usualTree ? this.#own.openHome(options) : this.#open(name, options);
    this.#sessions.set(name, opening);
    try {
      return await opening;
    } catch (error) {
      this.#sessions.delete(name);
      throw error;
    }
  }

  /**
   * @param name - the name of a vault here
   * @param options - whether to make `home`, and when to give up
   * @returns its files and folders, the same object each time
   * @throws ClientError as {@link Vaults.open} does
   */
  async tree(name: string, options: OpenOptions = {}): Promise<VaultTree> {
    const session = await this.open(name, options);
    const known = this.#trees.get(session);
    if (known) return known;
    const tree = new VaultTree(this.#client, session, { uploads: this.#home?.vaultUploads });
    this.#trees.set(session, tree);
    return tree;
  }

  /**
   * @param name - the name of a vault here
   * @param options - when to give up
   * @returns who belongs to it
   * @throws ClientError as {@link Vaults.open} does
   */
  async members(name: string, options: OperationOptions = {}): Promise<VaultMembers> {
    return new VaultMembers(await this.open(name, options), {
      store: this.#client,
      cards: this.#own.cards,
      known: this.#known,
      changes: this.#changes,
    });
  }

  /**
   * Looks whether everything in a vault is what its members left there, and whether something is
   * missing that was there when it was last verified from here. That is remembered for the next time.
   *
   * @param name - the name of a vault here
   * @param options - how much to read, and whom to tell
   * @returns what was found
   * @throws ClientError as {@link Vaults.open} does, and when nothing more can be read
   */
  async verify(name: string, options: VerifyOptions = {}): Promise<VerifyResult> {
    const { id } = await this.open(name, options);
    const of = { server: this.#own.server, vault: id };
    const before = await this.#home?.seen.read(of);
    const tree = await this.tree(name, options);
    const { result, seen } = await verifyVault(tree, before, options);
    await this.#home?.seen.replace(of, seen);
    return result;
  }

  /**
   * Writes everything in a vault anew, so that nobody can use what he knew of it before: somebody who
   * was removed could still forge files of the epochs that he knew, with the server's help. It takes as
   * long as to receive and to send all of it, and goes on where it was when it is done again.
   *
   * @param name - the name of a vault here
   * @param options - whom to tell
   * @returns what was written anew; older files are refused from then on unless something failed
   * @throws ClientError as {@link Vaults.open} does; `not-allowed` for who is no owner
   */
  async rekey(name: string, options: RekeyOptions = {}): Promise<RekeyResult> {
    const session = await this.open(name, options);
    const members = await this.members(name, options);
    await members.beginRekeying(options);
    const result = await new Rekeying(await this.tree(name, options), session, options).run();
    if (result.failed === 0) await members.endRekeying(options);
    return result;
  }

  /**
   * Makes a vault, which has one member: who asks.
   *
   * @param name - what to call it, here and for its members
   * @param options - when to give up
   * @returns the vault
   * @throws ClientError `conflict` when another vault has that name here, `bad-name`
   */
  async create(name: string, options: OperationOptions = {}): Promise<VaultSession> {
    this.#own.requireVaults();
    const alias = checkedAlias(name);
    const { server } = this.#own;
    if ((await this.#known.list(server)).some((known) => known.alias === alias)) {
      throw new ClientError(
        'conflict',
        `Another vault is called ${alias} here; choose another name`,
      );
    }
    const made = await this.#own.make(alias, 'shared', options);
    const { vault } = made;
    // First the name: a program that is too late for it leaves no vault behind that has none.
    await this.#known.add(server, { alias, vault, firstOwner: this.#own.fingerprint });
    try {
      await this.#own.begin(made, options);
    } catch (error) {
      await this.#known.remove(server, alias).catch(() => undefined);
      throw error;
    }
    return this.open(alias, options);
  }

  /**
   * @param options - when to give up
   * @returns the vaults that the server shows, and those that have names here and are gone
   * @throws ClientError
   */
  async list(options: OperationOptions = {}): Promise<VaultSummary[]> {
    this.#own.requireVaults();
    const aliases = new Map([[formatVaultId(this.#own.homeId), usualTree]]);
    for (const { alias, vault } of await this.#known.list(this.#own.server)) {
      aliases.set(formatVaultId(vault), alias);
    }
    const listed = await listedVaults(this.#client, options);
    // Nobody makes his home by asking what there is.
    const named = [...aliases].filter(([id, alias]) => alias !== usualTree || listed.has(id));
    const summaries = await Promise.all(
      named.map(([id, alias]) => summarize(id, alias, this.open(alias, options))),
    );
    const others = [...listed].filter((id) => !aliases.has(id));
    return [...summaries, ...others.map(notJoined)];
  }

  /**
   * Gives a vault of somebody else's a name here, once it is sure who began it.
   *
   * @param what - an invitation, or a vault's id
   * @param options - how to be sure, what to call it, and when to give up
   * @returns the name, the vault's id, and what it looks like inside
   * @throws ClientError `not-found` for who is no member, `integrity` when somebody else began it than the
   *   invitation says, `conflict` when the name or the vault is taken, `bad-name`
   */
  async join(
    what: string,
    options: JoinOptions = {},
  ): Promise<{ alias: string; id: string; inside: VaultInside }> {
    this.#own.requireVaults();
    const wanted = options.alias === undefined ? undefined : checkedAlias(options.alias);
    const { vault, firstOwner } = read(what);
    const id = formatVaultId(vault);
    if (id === formatVaultId(this.#own.homeId)) {
      throw new ClientError('conflict', 'That is your own home, which needs no other name');
    }
    let begunBy = firstOwner;
    const confirm = async (shown: string): Promise<void> => {
      if (!options.confirm) throw unconfirmed(shown);
      await options.confirm(shown);
      begunBy = shown;
    };
    const session = await this.#own.open(vault, wanted ?? id, firstOwner ?? confirm, options);
    try {
      const inside = insideOf(session);
      const alias = checkedAlias(wanted ?? inside.name);
      await this.#known.add(this.#own.server, { alias, vault, firstOwner: begunBy ?? '' });
      return { alias, id, inside };
    } finally {
      session[Symbol.dispose]();
    }
  }

  /**
   * Takes a vault's name away here. Who is a member stays one until an owner removes him.
   *
   * @param name - the name of a vault here
   * @param options - what to forget, and when to give up
   * @returns what the vault looked like inside, if it could be opened
   * @throws ClientError `not-found` for a name that no vault has; `bad-name` for `home`
   */
  async leave(name: string, options: LeaveOptions = {}): Promise<VaultInside | undefined> {
    if (name === usualTree) {
      throw new ClientError('bad-name', 'Your home is yours alone, and cannot be left');
    }
    const { server } = this.#own;
    const { alias, vault } = await this.#find(name);
    const id = formatVaultId(vault);
    const { inside } = await summarize(id, alias, this.open(alias, options));
    await this.#known.remove(server, alias);
    this.#forget(alias);
    if (options.forget === true) await this.#home?.keyrings.forget({ server, vault: id });
    return inside;
  }

  /**
   * Writes down what somebody needs to join a vault, once he is a member. It holds no secret, but must
   * reach him by another way than over the server.
   *
   * @param name - the name of a vault here
   * @returns one line of text
   * @throws ClientError `not-found` for a name that no vault has
   */
  async invitation(name: string): Promise<string> {
    const { homeId, fingerprint: firstOwner } = this.#own;
    if (name === usualTree) return formatInvitation({ vault: homeId, firstOwner });
    return formatInvitation(await this.#find(name));
  }

  /**
   * Publishes one's card, so that owners of vaults can add one.
   *
   * @param name - what to be called; by default as on the card before
   * @param options - when to give up
   * @returns the card
   * @throws ClientError `bad-name`
   */
  async publishCard(name?: string, options: OperationOptions = {}): Promise<Card> {
    this.#own.requireVaults();
    return name === undefined ? this.#own.card(options) : this.#own.publishCard(name, options);
  }

  /** Wipes the secrets of all vaults that were opened. */
  [Symbol.dispose](): void {
    for (const name of this.#sessions.keys()) this.#forget(name);
  }

  /** Whoever makes it meanwhile must not hear that it is not there. */
  async #openExistingHome(options: OperationOptions): Promise<VaultSession> {
    const session = await this.#own.openExistingHome(options);
    const other = this.#sessions.get(usualTree);
    if (!other) {
      this.#sessions.set(usualTree, Promise.resolve(session));
      return session;
    }
    session[Symbol.dispose]();
    return other;
  }

  async #open(name: string, options: OperationOptions): Promise<VaultSession> {
    const { vault, firstOwner } = await this.#find(name);
    return this.#own.open(vault, name, firstOwner, options);
  }

  async #find(name: string): Promise<KnownVault> {
    const known = await this.#known.list(this.#own.server);
    const vault = known.find(({ alias }) => alias === name.normalize('NFC'));
    if (vault) return vault;
    throw noAlias(name);
  }

  #forget(name: string): void {
    const session = this.#sessions.get(name);
    this.#sessions.delete(name);
    session?.then(
      (open) => {
        open[Symbol.dispose]();
      },
      () => undefined,
    );
  }
}

/** What a person pasted says which vault it is, and, if it is an invitation, who began it. */
function read(what: string): { readonly vault: Uint8Array; readonly firstOwner?: string } {
  const text = what.trim();
  try {
    return text.includes(':') ? parseInvitation(text) : { vault: parseVaultId(text) };
  } catch (cause) {
    if (!(cause instanceof VaultError)) throw cause;
    throw new ClientError('bad-name', cause.message, { cause });
  }
}

function unconfirmed(shown: string): ClientError {
  return new ClientError(
    'not-allowed',
    `The vault was begun by ${shown}; ask who invited you whether that is right, or use an invitation, which says it`,
  );
}
