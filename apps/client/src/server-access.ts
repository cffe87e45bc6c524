import { userInfo } from 'node:os';

import {
  ClientHome,
  plainTree,
  printable,
  Vaults,
  type Client,
  type Identity,
  type RemoteName,
  type RemoteTree,
} from '@e2eeftp/client';

/** A server, as a command uses it: its own files, and the vaults that it keeps. */
export class ServerAccess implements Disposable {
  readonly client: Client;
  readonly #identity: Identity;
  #vaults: Vaults | undefined;

  /**
   * @param client - a client of the server, which outlives this
   * @param identity - the identity that it has connected with
   */
  constructor(client: Client, identity: Identity) {
    this.client = client;
    this.#identity = identity;
  }

  /** The user's vaults at the server. */
  get vaults(): Vaults {
    const home = new ClientHome();
    this.#vaults ??= new Vaults(this.client, { identity: this.#identity, home, name: userName() });
    return this.#vaults;
  }

  /**
   * @param name - what the user named
   * @param signal - ends the wait
   * @param options - what to do when nothing is there
   * @param options.makesHome - whether the user's own vault is made when it is not there yet
   * @returns the tree that its path is in
   * @throws ClientError
   */
  async tree(
    { tree }: Pick<RemoteName, 'tree'>,
    signal: AbortSignal,
    { makesHome = true }: { readonly makesHome?: boolean } = {},
  ): Promise<RemoteTree> {
    return tree === plainTree ? this.client : this.vaults.tree(tree, { signal, makesHome });
  }

  /** Wipes the secrets of vaults. */
  [Symbol.dispose](): void {
    this.#vaults?.[Symbol.dispose]();
  }
}

/** What the user is called on a card, unless he says otherwise: as the system calls him. */
function userName(): string | undefined {
  try {
    const { username } = userInfo();
    const isUsable = /^[^/\\]{1,32}$/u.test(username) && printable(username) === username;
    return isUsable ? username : undefined;
  } catch {
    // Under a service manager, nobody may have a name.
    return undefined;
  }
}
