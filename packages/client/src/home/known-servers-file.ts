import {
  CryptoError,
  equalBytes,
  fingerprint,
  formatPublicKey,
  parsePublicKey,
} from '@e2eeftp/crypto';

import { ClientError, UntrustedServerError } from '../errors.js';
import { formatServerAddress, parseServerAddress, type ServerAddress } from './server-address.js';
import { editSmallFile, readSmallFile } from './small-file.js';

/** A line of `known_servers`. */
export interface KnownServer {
  /** Where the server listens. */
  readonly address: ServerAddress;
  /** Its public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Counted from 1. */
  readonly line: number;
}

/** What is known of a server that proved a key. */
export type ServerStanding =
  | { readonly type: 'known' }
  | { readonly type: 'unknown' }
  | { readonly type: 'changed'; readonly expected: KnownServer };

/**
 * The keys by which the user's servers are known: a line `HOST:PORT KEY` each, the key in any
 * form that a public key has on one line. Blank lines and lines that start with `#` say nothing
 * and stay as they are.
 *
 * A line that cannot be read makes the whole file invalid: it might be the one that tells a
 * server from an impostor.
 */
export class KnownServersFile {
  /** The file; it need not exist. */
  readonly path: string;

  /** @param path - the file; it need not exist */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * @returns what the file says now; a missing file says that no server is known
   * @throws ClientError `bad-configuration` when it is not valid
   */
  async read(): Promise<readonly KnownServer[]> {
    return this.#parse(await readSmallFile(this.path));
  }

  /**
   * Adds a server's key at the end. Comments and other lines stay as they are.
   *
   * @param address - where the server listens
   * @param publicKey - the key that it is to prove, 32 bytes
   * @returns whether the server was unknown; otherwise it is known by this key already
   * @throws ClientError `bad-configuration` when the file is not valid, `local-file` when it cannot
   *   be changed; UntrustedServerError `changed-server` when the server is known by another key,
   *   which only its user may remove
   */
  async add(address: ServerAddress, publicKey: Uint8Array): Promise<boolean> {
    let isNew = false;
    await editSmallFile(this.path, (text) => {
      const standing = standingOf(this.#parse(text), address, publicKey);
      if (standing.type === 'known') return text;
      if (standing.type === 'changed') {
        throw this.#contradiction(address, publicKey, standing.expected);
      }
      isNew = true;
      const separator = text === '' || text.endsWith('\n') ? '' : '\n';
      return `${text}${separator}${formatServerAddress(address)} ${formatPublicKey(publicKey)}\n`;
    });
    return isNew;
  }

  /**
   * Forgets a server, whatever its keys. Comments and other lines stay as they are.
   *
   * @param address - where the server listens
   * @returns the lines that are gone; none when nothing was known
   * @throws ClientError `bad-configuration` when the file is not valid, `local-file` when it cannot
   *   be changed
   */
  async remove(address: ServerAddress): Promise<readonly KnownServer[]> {
    let gone: readonly KnownServer[] = [];
    await editSmallFile(this.path, (text) => {
      gone = linesFor(this.#parse(text), address);
      const numbers = new Set(gone.map(({ line }) => line));
      return text
        .split('\n')
        .filter((_, index) => !numbers.has(index + 1))
        .join('\n');
    });
    return gone;
  }

  #contradiction(
    address: ServerAddress,
    given: Uint8Array,
    expected: KnownServer,
  ): UntrustedServerError {
    const where = formatServerAddress(address);
    const message = [
      `THE SERVER AT ${where} IS KNOWN BY ANOTHER KEY. Nothing was changed.`,
      `Known: ${fingerprint(expected.publicKey)} (${this.path}, line ${expected.line})`,
      `Given: ${fingerprint(given)}`,
      `Ask its operator, by another way than this connection. Only if the new fingerprint is right, run \`e2eeftp trust remove ${where}\`, and then this again.`,
    ];
    return new UntrustedServerError('changed-server', message.join('\n'), given);
  }

  #parse(text: string): KnownServer[] {
    const servers: KnownServer[] = [];
    for (const [index, line] of text.split('\n').entries()) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#')) continue;
      servers.push(this.#parseLine(trimmed, index + 1));
    }
    return servers;
  }

  #parseLine(text: string, line: number): KnownServer {
    const [, address, key = ''] = /^(\S+)\s+(.+)$/u.exec(text) ?? [];
    try {
      if (address === undefined) throw new ClientError('bad-configuration', 'it has no key');
      return { address: parseServerAddress(address), publicKey: parsePublicKey(key), line };
    } catch (cause) {
      if (!(cause instanceof CryptoError || cause instanceof ClientError)) throw cause;
      throw new ClientError(
        'bad-configuration',
        `${this.path}, line ${line} is not valid: ${cause.message}; correct or remove it`,
        { cause },
      );
    }
  }
}

/**
 * @param servers - what is known
 * @param address - where a server listens
 * @param publicKey - the key that it proved, 32 bytes
 * @returns `known` when one of the lines for the address has the key, `changed` when all have others
 */
export function standingOf(
  servers: readonly KnownServer[],
  address: ServerAddress,
  publicKey: Uint8Array,
): ServerStanding {
  const candidates = linesFor(servers, address);
  if (candidates.some((server) => equalBytes(server.publicKey, publicKey))) {
    return { type: 'known' };
  }
  const [expected] = candidates;
  return expected ? { type: 'changed', expected } : { type: 'unknown' };
}

function linesFor(
  servers: readonly KnownServer[],
  { host, port }: ServerAddress,
): readonly KnownServer[] {
  return servers.filter(({ address }) => address.host === host && address.port === port);
}
