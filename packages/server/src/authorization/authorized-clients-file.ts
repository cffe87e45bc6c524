import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import {
  CryptoError,
  equalBytes,
  fingerprint,
  formatPublicKey,
  normalizeFingerprint,
  parsePublicKey,
} from '@e2eeftp/crypto';
import { printable } from '@e2eeftp/protocol';

import { DirectoryLock } from '../directory-lock.js';
import type { Logger } from '../logger.js';
import { makeDirectory } from '../make-directory.js';
import { replaceFile, type ReplacementOptions } from '../replace-file.js';
import { asServerError, ServerError } from '../server-error.js';
import { systemCodeOf } from '../store/system-errors.js';
import {
  findClient,
  parseAuthorizedClients,
  parseClientLine,
  type AuthorizedClients,
} from './authorized-clients.js';
import type { AuthorizedClient, Authorizer } from './authorizer.js';

/** The name that the file has in a data directory. */
export const authorizedClientsName = 'authorized_clients.pub';

/** How long an edit waits for others, in milliseconds. */
const patience = 10_000;
const pollInterval = 20;

/** How often to look whether the file has changed, in milliseconds. */
const watchInterval = 500;
/** Looks at a file that is never the same twice before its change is told all the same. */
const mostUnsettled = 2;

/**
 * The authorized clients as a file says, which people edit by hand or through
 * {@link AuthorizedClientsFile.add} and {@link AuthorizedClientsFile.remove}. It is read anew for
 * every connection, so that a change is in force at once.
 */
export class AuthorizedClientsFile implements Authorizer {
  readonly #path: string;
  readonly #logger: Logger;
  #lastComplaint: string | undefined;
  #lastRead: { readonly text: string; readonly result: AuthorizedClients } | undefined;

  /**
   * @param path - the file; it need not exist
   * @param logger - hears of lines that are skipped
   */
  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  async authorize(identity: Uint8Array): Promise<AuthorizedClient | undefined> {
    const { clients } = await this.read();
    const client = findClient(clients, identity);
    return client && isExpired(client) ? undefined : client;
  }

  /** @returns what the file says now; a missing file says that nobody is authorized */
  async read(): Promise<AuthorizedClients> {
    const text = (await this.#text()) ?? '';
    // Parsing checks every key, which takes longer than reading.
    if (this.#lastRead?.text !== text) {
      this.#lastRead = { text, result: parseAuthorizedClients(text) };
    }
    const { result } = this.#lastRead;
    this.#complain(result);
    return result;
  }

  watch(onChange: () => void): () => void {
    const path = this.#path;
    let told: string | undefined;
    let last: string | undefined;
    let unsettled = 0;
    const look = async (): Promise<void> => {
      const version = `${await versionOf(path)} ${this.#countExpired()}`;
      // An editor may write in several steps: what counts is what it leaves. Yet who edits all the
      // time must not keep somebody connected who was removed.
      unsettled = version === (last ?? version) ? 0 : unsettled + 1;
      last = version;
      told ??= version;
      if (version === told || (unsettled > 0 && unsettled < mostUnsettled)) return;
      unsettled = 0;
      told = version;
      onChange();
    };
    void look();
    const timer = setInterval(() => void look(), watchInterval).unref();
    return () => {
      clearInterval(timer);
    };
  }

  /**
   * Authorizes one more client. Comments and other lines stay as they are.
   *
   * @param line - a key, with options if need be, as it will stand in the file
   * @returns the client, and whether it is new; one that was there before is left as it is
   * @throws ServerError `bad-option` when the line is no valid one, `in-use` when somebody else
   *   does not end an edit of the file
   */
  async add(line: string): Promise<{ client: AuthorizedClient; isNew: boolean }> {
    const trimmed = line.trim();
    const client = /[\r\n]/u.test(trimmed) ? 'A line is expected' : parseClientLine(trimmed);
    if (typeof client === 'string') throw new ServerError('bad-option', client);
    return this.#edit<{ client: AuthorizedClient; isNew: boolean }>((text) => {
      const existing = findClient(parseAuthorizedClients(text).clients, client.identity);
      if (existing) return { text, result: { client: existing, isNew: false } };
      const separator = text === '' || text.endsWith('\n') ? '' : '\n';
      return { text: `${text}${separator}${trimmed}\n`, result: { client, isNew: true } };
    });
  }

  /**
   * Takes a client's authorization away: every line with its key goes, all others stay.
   *
   * @param which - its fingerprint, its key in any form, or its name
   * @returns the clients that were removed, one for each line
   * @throws ServerError `bad-option` when a name stands for several different keys, `in-use` when
   *   somebody else does not end an edit of the file
   */
  async remove(which: string): Promise<readonly AuthorizedClient[]> {
    return this.#edit((text) => {
      const lines = text.split('\n').map((line) => ({ line, client: clientOf(line) }));
      const isMeant = choose(which);
      const meant = lines.flatMap(({ client }) => (client && isMeant(client) ? [client] : []));
      const keys = new Set(meant.map(({ identity }) => formatPublicKey(identity)));
      if (keys.size > 1) {
        throw new ServerError(
          'bad-option',
          `"${printable(which)}" is the name of ${keys.size} clients; give a fingerprint instead`,
        );
      }
      const isRemoved = (client: AuthorizedClient | undefined): client is AuthorizedClient =>
        client !== undefined && keys.has(formatPublicKey(client.identity));
      return {
        text: lines.flatMap(({ line, client }) => (isRemoved(client) ? [] : [line])).join('\n'),
        result: lines.flatMap(({ client }) => (isRemoved(client) ? [client] : [])),
      };
    });
  }

  /** Of those that were read last; nobody else can be connected. */
  #countExpired(): number {
    return this.#lastRead?.result.clients.filter(isExpired).length ?? 0;
  }

  async #text(): Promise<string | undefined> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return undefined;
      throw asServerError(`Cannot read ${this.#path}`, error);
    }
  }

  /** Edits one after the other, also those of other processes: none may undo another. */
  async #edit<Result>(
    change: (text: string) => { readonly text: string; readonly result: Result },
  ): Promise<Result> {
    const lock = await this.#lock();
    try {
      const before = await this.#text();
      const { text, result } = change(before ?? '');
      if (text !== (before ?? '')) await replaceFile(this.#path, text, await this.#rights());
      return result;
    } catch (error) {
      throw asServerError(`Cannot change ${this.#path}`, error);
    } finally {
      await lock.release();
    }
  }

  /** A file that exists keeps its owner and its mode: the server must still be able to read it. */
  async #rights(): Promise<ReplacementOptions> {
    try {
      const { mode, uid, gid } = await stat(this.#path);
      return { mode: mode & 0o777, owner: { uid, gid } };
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return { mode: 0o644 };
      throw error;
    }
  }

  async #lock(): Promise<DirectoryLock> {
    const deadline = performance.now() + patience;
    for (;;) {
      try {
        await makeDirectory(dirname(this.#path));
        return await DirectoryLock.acquire(dirname(this.#path), `.${basename(this.#path)}.lock`);
      } catch (error) {
        const isBusy = error instanceof ServerError && error.code === 'in-use';
        if (!isBusy || performance.now() > deadline)
          throw asServerError(`Cannot change ${this.#path}`, error);
        await delay(pollInterval);
      }
    }
  }

  /** Says once, not for every connection, what is wrong with the file as it is. */
  #complain({ clients, invalid }: AuthorizedClients): void {
    const complaint = JSON.stringify([clients.length === 0, invalid]);
    if (complaint === this.#lastComplaint) return;
    this.#lastComplaint = complaint;
    for (const { line, reason } of invalid) {
      this.#logger.warn({ file: this.#path, line, reason }, 'a line grants nothing');
    }
    if (clients.length === 0) {
      this.#logger.warn(
        { file: this.#path },
        'nobody is authorized; add a client with `e2eeftp-server authorize`',
      );
    }
  }
}

/** What changes whenever the file does. It never fails: a file that is missing has a version too. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return 'missing';
  }
}

function isExpired({ expires = Infinity }: AuthorizedClient): boolean {
  return Date.now() >= expires;
}

function clientOf(line: string): AuthorizedClient | undefined {
  const trimmed = line.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return undefined;
  const client = parseClientLine(trimmed);
  return typeof client === 'string' ? undefined : client;
}

function choose(which: string): (client: AuthorizedClient) => boolean {
  const key = keyOf(which);
  const print = normalizeFingerprint(which);
  return ({ identity, name }) =>
    name === which ||
    (print !== undefined && fingerprint(identity) === print) ||
    (key !== undefined && equalBytes(identity, key));
}

function keyOf(text: string): Uint8Array | undefined {
  try {
    return parsePublicKey(text);
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}
