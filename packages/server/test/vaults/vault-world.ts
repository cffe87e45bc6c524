import { afterEach, beforeEach } from '@jest/globals';

import type { Access } from '@e2eeftp/protocol';

import {
  StoreError,
  type ChangeOptions,
  type CommitOptions,
  type Store,
  type StoreErrorCode,
} from '../../src/index.js';
import { at, bytesOf, StoreProbe } from '../../src/store/conformance/context.js';
import { Keyrings } from '../../src/vaults/keyrings.js';
import { VaultStore } from '../../src/vaults/vault-store.js';
import { newPerson, TestVault, type Person } from '../support/test-vault.js';
import type { MadeStore } from './made-store.js';

export const [alice, bob, carol, eve] = await Promise.all([
  newPerson(),
  newPerson(),
  newPerson(),
  newPerson(),
]);

const refused = (code: StoreErrorCode) => ({ code });
export const missing = refused('not-found');
export const notAllowed = refused('not-allowed');
export const conflict = refused('conflict');
export const malformed = refused('malformed');
export const tooLarge = refused('too-large');
export const busy = refused('busy');

/** Why a store did not do something. */
export function codeOf(error: unknown): string {
  return error instanceof StoreError ? error.code : 'no error of a store';
}

/** What somebody does with a store that shows him his vaults. */
class Member extends StoreProbe {
  /** Stores an entry, or a keyring. */
  async write(
    path: string,
    content: Uint8Array | string,
    options: ChangeOptions & Partial<CommitOptions> = {},
  ): Promise<void> {
    const upload = await this.store.createUpload({ path: at(path), keyring: options.keyring });
    try {
      await upload.write([bytesOf(content)]);
      await upload.commit({ overwrite: 'always', ...options });
    } finally {
      await upload.discard();
    }
  }

  /** Stores the newest keyring of a vault. */
  storeNewest(vault: TestVault): Promise<void> {
    return this.write(vault.keyringAt(vault.sequence), vault.newest, { overwrite: 'never' });
  }
}

/** A store with vaults in it. */
export interface World {
  /** All files, as nobody sees them. */
  readonly store: Store;
  readonly keyrings: Keyrings;
  /** The store as somebody sees it. */
  readonly as: (person: Person, access?: Access, known?: Keyrings, store?: Store) => Member;
  /** Makes a vault of Alice's, with Bob as a writer, Carol as a reader, and a file. */
  readonly team: () => Promise<TestVault>;
}

/** Gives each test around a store of its own, which is closed behind it. */
export function useWorld(make: () => Promise<MadeStore>): World {
  let made: MadeStore | undefined;
  let keyrings: Keyrings | undefined;
  beforeEach(async () => {
    made = await make();
    keyrings = new Keyrings(made.store);
  });
  afterEach(async () => {
    await made?.store.close();
    await made?.dispose?.();
  });
  const world: World = {
    get store() {
      return there(made).store;
    },
    get keyrings() {
      return there(keyrings);
    },
    as: (person, access = 'rw', known = world.keyrings, store = world.store) => {
      const client = { identity: person.identity.publicKey, access };
      return new Member(new VaultStore(store, known, client));
    },
    team: async () => {
      let vault = await TestVault.begin(alice);
      await world.as(alice).storeNewest(vault);
      vault = await vault.withMember(alice, bob, 'writer');
      await world.as(alice).storeNewest(vault);
      vault = await vault.withMember(alice, carol, 'reader');
      await world.as(alice).storeNewest(vault);
      await world.as(alice).write(vault.at('AAAA'), 'cipher', { keyring: 3 });
      return vault;
    },
  };
  return world;
}

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('No test runs now');
  return value;
}
