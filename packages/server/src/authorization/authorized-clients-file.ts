import { readFile } from 'node:fs/promises';

import { fingerprint, formatPublicKey } from '@e2eeftp/crypto';
import { printable } from '@e2eeftp/protocol';
import writeFileAtomic from 'write-file-atomic';

import type { Logger } from '../logger.js';
import { ServerError } from '../server-error.js';
import {
  findClient,
  parseAuthorizedClients,
  parseClientLine,
  type AuthorizedClients,
} from './authorized-clients.js';
import type { AuthorizedClient, Authorizer } from './authorizer.js';

/** The name that the file has in a data directory. */
export const authorizedClientsName = 'authorized_clients.pub';

/**
 * The authorized clients as a file says, which people edit by hand or through
 * {@link AuthorizedClientsFile.add} and {@link AuthorizedClientsFile.remove}. It is read anew for
 * every connection, so that a change is in force at once.
 */
export class AuthorizedClientsFile implements Authorizer {
  readonly #path: string;
  readonly #logger: Logger;
  #lastComplaint: string | undefined;

  /**
   * @param path - the file; it need not exist
   * @param logger - hears of lines that are skipped
   */
  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  async authorize(identity: Uint8Array): Promise<AuthorizedClient | undefined> {
    const { clients, invalid } = await this.read();
    this.#complain(clients.length, invalid);
    return findClient(clients, identity);
  }

  /** @returns what the file says now; a missing file says that nobody is authorized */
  async read(): Promise<AuthorizedClients> {
    return parseAuthorizedClients(await this.#text());
  }

  /**
   * Authorizes one more client. Comments and other lines stay as they are.
   *
   * @param line - a key, with options if need be, as it will stand in the file
   * @returns the client, and whether it was there before (then nothing is changed)
   * @throws ServerError `bad-option` when the line is no valid one
   */
  async add(line: string): Promise<{ client: AuthorizedClient; isNew: boolean }> {
    const trimmed = line.trim();
    const client = trimmed.includes('\n') ? 'A line is expected' : parseClientLine(trimmed);
    if (typeof client === 'string') throw new ServerError('bad-option', client);
    const text = await this.#text();
    const existing = findClient(parseAuthorizedClients(text).clients, client.identity);
    if (existing) return { client: existing, isNew: false };
    const separator = text === '' || text.endsWith('\n') ? '' : '\n';
    await this.#replace(`${text}${separator}${trimmed}\n`);
    return { client, isNew: true };
  }

  /**
   * Takes a client's authorization away: every line with its key goes, all others stay.
   *
   * @param which - its fingerprint, its key as base64, or its name
   * @returns the clients that were removed
   * @throws ServerError `bad-option` when a name stands for several different keys
   */
  async remove(which: string): Promise<readonly AuthorizedClient[]> {
    const lines = (await this.#text()).split('\n');
    const removed: AuthorizedClient[] = [];
    const kept = lines.filter((line) => {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#')) return true;
      const client = parseClientLine(trimmed);
      if (typeof client === 'string' || !isMeant(client, which)) return true;
      removed.push(client);
      return false;
    });
    const keys = new Set(removed.map((client) => formatPublicKey(client.identity)));
    if (keys.size > 1) {
      throw new ServerError(
        'bad-option',
        `"${printable(which)}" is the name of ${keys.size} clients; give a fingerprint instead`,
      );
    }
    if (removed.length > 0) await this.#replace(kept.join('\n'));
    return removed;
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
      throw error;
    }
  }

  async #replace(text: string): Promise<void> {
    await writeFileAtomic(this.#path, text, { mode: 0o600 });
  }

  /** Says once, not for every connection, what is wrong with the file as it is. */
  #complain(clients: number, invalid: AuthorizedClients['invalid']): void {
    const complaint = JSON.stringify([clients === 0, invalid]);
    if (complaint === this.#lastComplaint) return;
    this.#lastComplaint = complaint;
    for (const { line, reason } of invalid) {
      this.#logger.warn({ file: this.#path, line, reason }, 'a line grants nothing');
    }
    if (clients === 0) {
      this.#logger.warn(
        { file: this.#path },
        'nobody is authorized; add a client with `e2eeftp-server authorize`',
      );
    }
  }
}

function isMeant(client: AuthorizedClient, which: string): boolean {
  return (
    client.name === which ||
    fingerprint(client.identity) === which.toUpperCase() ||
    formatPublicKey(client.identity) === which
  );
}
