import { parseRemoteName, type Client, type Entry, type RemoteName } from '@e2eeftp/client';

import type { Invocation, Workspace } from '../command.js';
import { UsageError } from '../failure.js';
import { globalOptions, type GlobalOptions } from '../global-options.js';
import type { Output } from '../output.js';
import { findConnection, hangUp, openClient, usingClient } from '../session.js';

/** What a command needs to know of its invocation to get a client. */
type Borrower = Pick<Invocation, 'output' | 'signal'>;

/** What the commands of a shell share: a client, and the folder to which names are relative. */
export class ShellWorkspace implements Workspace {
  /** The folder below `plain:`, its parts joined by `/`; empty at the top. */
  folder = '';
  readonly #shell: Invocation;
  #client: Promise<Client> | undefined;
  /** Hears of broken connections; nobody does while nothing runs. */
  #listener: Output | undefined;

  /** @param shell - what the user gave for the shell */
  constructor(shell: Invocation) {
    this.#shell = shell;
  }

  async withClient<Result>(
    invocation: Invocation,
    task: (client: Client) => Promise<Result>,
  ): Promise<Result> {
    if (!isSameConnection(invocation.global, this.#shell.global)) {
      return usingClient(invocation, await findConnection(invocation), task);
    }
    this.#listener = invocation.output;
    try {
      return await task(await this.client(invocation));
    } finally {
      this.#listener = undefined;
    }
  }

  /**
   * @param borrower - who wants it
   * @returns the client of the shell; it connects at its first use, and when a connection was lost
   * @throws ClientError
   */
  client({ output, signal }: Borrower): Promise<Client> {
    this.#client ??= this.#connect({ output, signal }).catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  /** @returns the client of the shell, if it has connected and nobody waits for that */
  connected(): Promise<Client | undefined> {
    return Promise.race([this.#client, Promise.resolve(undefined)]);
  }

  /** Whether a remote name in a line of these options is of the server that the shell is at. */
  isAt(global: GlobalOptions): boolean {
    return isSameConnection(global, this.#shell.global);
  }

  remoteName(text: string): RemoteName {
    const [, prefix, name = ''] = /^([^/:]*:)?(.*)$/su.exec(text) ?? [];
    // Whatever other prefixes mean, and whether they are understood, is said in one place.
    if (prefix !== undefined && prefix !== 'plain:') return parseRemoteName(text);
    const isFromTop = prefix !== undefined || name.startsWith('/');
    const parts = isFromTop || this.folder === '' ? [] : this.folder.split('/');
    const typed = name.split('/');
    for (const part of typed) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    const isFolder = ['', '.', '..'].includes(typed.at(-1) ?? '');
    return parseRemoteName(`plain:${parts.join('/')}${isFolder && parts.length > 0 ? '/' : ''}`);
  }

  standardInput(): never {
    throw new UsageError('In the shell, standard input has commands and no file');
  }

  /**
   * Lists a folder for a pattern.
   *
   * @param folder - the folder, as it is typed
   * @param borrower - who wants it
   */
  async *list(folder: string, borrower: Borrower): AsyncGenerator<Entry, void, void> {
    const { path } = this.remoteName(folder);
    yield* (await this.client(borrower)).list(path, { signal: borrower.signal });
  }

  /** Hangs up. */
  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    if (client) await hangUp(client, this.#shell.signal);
  }

  async #connect(borrower: Borrower): Promise<Client> {
    const { global } = this.#shell;
    const facts = await findConnection({ ...this.#shell, ...borrower });
    return openClient({ global, ...borrower }, facts, (text) => {
      this.#listener?.note(text);
    });
  }
}

/**
 * @param global - what the user gave for the options of every command
 * @returns the same, as if it stood on a command line
 */
export function asGiven(global: GlobalOptions): Readonly<Record<string, unknown>> {
  const given = Object.entries(globalOptions).flatMap(([name, { type }]) => {
    const value = global[name as keyof GlobalOptions];
    if (value === undefined || value === false) return [];
    return [[name, type === 'count' || type === 'rate' ? String(value) : value] as const];
  });
  return Object.fromEntries(given);
}

/** What is shown, and how, has nothing to do with the connection. */
function isSameConnection(one: GlobalOptions, other: GlobalOptions): boolean {
  const names = Object.keys(globalOptions) as (keyof GlobalOptions)[];
  return names
    .filter((name) => !['json', 'quiet', 'verbose'].includes(name))
    .every((name) => one[name] === other[name]);
}
