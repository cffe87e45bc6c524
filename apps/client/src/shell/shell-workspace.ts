import { parseRemoteName, usualTree, type Entry, type RemoteName } from '@e2eeftp/client';

import type { Invocation, Workspace } from '../command.js';
import { UsageError } from '../failure.js';
import { globalOptions, type GlobalOptions } from '../global-options.js';
import type { Output } from '../output.js';
import type { ServerAccess } from '../server-access.js';
import { findConnection, hangUp, openServer, usingServer } from '../session.js';

/** What a command needs to know of its invocation to get a client. */
type Borrower = Pick<Invocation, 'output' | 'signal'>;

/** A folder of a server to which names can be relative. */
export interface ShellFolder {
  /** The tree that it is in, as it stands before a colon. */
  readonly tree: string;
  /** Its path from the top of that tree, its parts joined by `/`; empty at the top. */
  readonly path: string;
}

/** What the commands of a shell share: a server, and the folder to which names are relative. */
export class ShellWorkspace implements Workspace {
  /** The folder to which names are relative. */
  folder: ShellFolder = { tree: usualTree, path: '' };
  readonly #shell: Invocation;
  #server: Promise<ServerAccess> | undefined;
  /** Hears of broken connections; nobody does while nothing runs. */
  #listener: Output | undefined;

  /** @param shell - what the user gave for the shell */
  constructor(shell: Invocation) {
    this.#shell = shell;
  }

  async withServer<Result>(
    invocation: Invocation,
    task: (server: ServerAccess) => Promise<Result>,
  ): Promise<Result> {
    if (!isSameConnection(invocation.global, this.#shell.global)) {
      return usingServer(invocation, await findConnection(invocation), task);
    }
    this.#listener = invocation.output;
    try {
      return await task(await this.server(invocation));
    } finally {
      this.#listener = undefined;
    }
  }

  /**
   * @param borrower - who wants it
   * @returns the server of the shell; it connects at its first use, and when a connection was lost
   * @throws ClientError
   */
  server({ output, signal }: Borrower): Promise<ServerAccess> {
    this.#server ??= this.#connect({ output, signal }).catch((error: unknown) => {
      this.#server = undefined;
      throw error;
    });
    return this.#server;
  }

  /** @returns the server of the shell, if it has connected and nobody waits for that */
  connected(): Promise<ServerAccess | undefined> {
    return Promise.race([this.#server, Promise.resolve(undefined)]);
  }

  /** Whether a remote name in a line of these options is of the server that the shell is at. */
  isAt(global: GlobalOptions): boolean {
    return isSameConnection(global, this.#shell.global);
  }

  remoteName(text: string): RemoteName {
    const [, prefix, name = ''] = /^([^/:]*:)?(.*)$/su.exec(text) ?? [];
    const { tree, path } = this.folder;
    const isFromTop = prefix !== undefined || name.startsWith('/');
    const parts = isFromTop || path === '' ? [] : path.split('/');
    const typed = name.split('/');
    for (const part of typed) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    const isFolder = ['', '.', '..'].includes(typed.at(-1) ?? '');
    const end = isFolder && parts.length > 0 ? '/' : '';
    return parseRemoteName(`${prefix ?? `${tree}:`}${parts.join('/')}${end}`);
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
    const { signal } = borrower;
    const name = this.remoteName(folder);
    const server = await this.server(borrower);
    yield* (await server.tree(name, signal)).list(name.path, { signal });
  }

  /** Hangs up. */
  async close(): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    if (server) await hangUp(server, this.#shell.signal);
  }

  async #connect(borrower: Borrower): Promise<ServerAccess> {
    const { global } = this.#shell;
    const facts = await findConnection({ ...this.#shell, ...borrower });
    return openServer({ global, ...borrower }, facts, (text) => {
      this.#listener?.note(text);
    });
  }
}

/**
 * @param folder - a folder of a server
 * @returns a name that means it everywhere
 */
export function textOfFolder({ tree, path }: ShellFolder): string {
  return `${tree}:${path}`;
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
