import { CryptoError, equalBytes, formatPublicKey, parsePublicKey } from '@e2eeftp/crypto';

import type { AuthorizedClient } from './authorizer.js';
import { parseClientOptions } from './client-options.js';

/** A line of `authorized_clients.pub` that grants nothing, and why. */
export interface InvalidLine {
  /** Counted from 1. */
  readonly line: number;
  /** What is wrong with it. */
  readonly reason: string;
}

/** What `authorized_clients.pub` says. */
export interface AuthorizedClients {
  /** Who may come in. */
  readonly clients: readonly AuthorizedClient[];
  /** Lines that were skipped. */
  readonly invalid: readonly InvalidLine[];
}

const sshKey = /^(ssh-ed25519\s+\S+)(?:\s+(.*))?$/su;
const rawKey = /^(\S+)(?:\s+(.*))?$/su;

/**
 * Reads the text of `authorized_clients.pub`: a key a line, as base64 of the raw 32 bytes or as
 * OpenSSH writes it, with options such as `name=alice access=ro` behind it. Blank lines and lines
 * that start with `#` say nothing.
 *
 * A line with an option that is not known or given twice grants nothing: an operator who meant to
 * restrict a client must not find that he let it in without the restriction. For the same reason a
 * key counts once, where it stands first, and its other lines are told of.
 *
 * @param text - the file's text
 * @returns the clients, and the lines that were skipped
 */
export function parseAuthorizedClients(text: string): AuthorizedClients {
  const clients: AuthorizedClient[] = [];
  const invalid: InvalidLine[] = [];
  const lines = new Map<string, number>();
  for (const [index, raw] of text.split('\n').entries()) {
    const trimmed = raw.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const line = index + 1;
    const result = parseClientLine(trimmed);
    if (typeof result === 'string') {
      invalid.push({ line, reason: result });
      continue;
    }
    const key = formatPublicKey(result.identity);
    const earlier = lines.get(key);
    if (earlier === undefined) {
      lines.set(key, line);
      clients.push(result);
    } else {
      invalid.push({ line, reason: `The key stands in line ${earlier} already` });
    }
  }
  return { clients, invalid };
}

/**
 * @param clients - the authorized clients
 * @param identity - who asks, 32 bytes
 * @returns the client, compared with every line in constant time
 */
export function findClient(
  clients: readonly AuthorizedClient[],
  identity: Uint8Array,
): AuthorizedClient | undefined {
  let found: AuthorizedClient | undefined;
  for (const client of clients) {
    if (equalBytes(client.identity, identity)) found ??= client;
  }
  return found;
}

/**
 * @param line - one line, trimmed
 * @returns the client, or the reason why the line grants nothing
 */
export function parseClientLine(line: string): AuthorizedClient | string {
  const [, key = '', rest = ''] = sshKey.exec(line) ?? rawKey.exec(line) ?? [];
  let identity: Uint8Array;
  try {
    identity = parsePublicKey(key);
  } catch (error) {
    if (error instanceof CryptoError) return error.message;
    throw error;
  }
  const words = rest.split(/\s+/u).filter((word) => word !== '');
  // Alone on its line, as the first generation's servers have it.
  const isBare = line === key && !sshKey.test(line);
  const options = parseClientOptions(words, isBare);
  return typeof options === 'string' ? options : { identity, ...options };
}
