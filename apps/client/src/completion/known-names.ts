import { ClientHome, loadServerKey, plainTree, usualTree } from '@e2eeftp/client';

import type { GlobalOptions } from '../global-options.js';
import { findServer } from '../session.js';
import type { Name, Names } from '../shell/names.js';

/** What vaults and people are called here, which is known without asking the server. */
export class KnownNames {
  /** What names on the server can begin with, such as `home:`. */
  readonly prefixes = namesOf(async () => {
    const names = [...(await this.#vaults()), plainTree];
    return names.map((name) => ({ name: `${name}:`, isFolder: false, isPrefix: true }));
  });
  /** The user's vaults at the server. */
  readonly vaults = namesOf(async () => (await this.#vaults()).map(plainName));
  /** Whoever was added to a vault by a fingerprint. */
  readonly people = namesOf(async () => (await new ClientHome().vaults.names()).map(plainName));
  readonly #global: GlobalOptions;

  /** @param global - says which server is meant */
  constructor(global: GlobalOptions) {
    this.#global = global;
  }

  async #vaults(): Promise<readonly string[]> {
    const aliases = new Set([usualTree]);
    for (const server of await this.#servers()) {
      for (const { alias } of await new ClientHome().vaults.list(server)) aliases.add(alias);
    }
    return [...aliases];
  }

  /** The keys that the server may have. */
  async #servers(): Promise<readonly Uint8Array[]> {
    const { 'server-key': keyFile, v1 } = this.#global;
    if (v1) throw new Error('The first generation has no vaults');
    if (keyFile !== undefined) return [await loadServerKey(keyFile)];
    const home = new ClientHome();
    const server = await findServer(this.#global, home);
    const known = await home.knownServers.read();
    const keys = known
      .filter(({ address }) => address.host === server?.host && address.port === server.port)
      .map(({ publicKey }) => publicKey);
    if (keys.length === 0) throw new Error('Nothing is known of the server');
    return keys;
  }
}

/**
 * @param words - a few words
 * @returns the same, as names that are in no folder
 */
export function wordNames(words: readonly string[]): Names {
  return namesOf(() => Promise.resolve(words.map(plainName)));
}

function namesOf(find: () => Promise<readonly Name[]>): Names {
  return {
    async *in(folder) {
      if (folder === '') yield* await find();
    },
  };
}

function plainName(name: string): Name {
  return { name, isFolder: false };
}
