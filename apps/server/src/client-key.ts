import { open } from 'node:fs/promises';

import { parsePublicKey } from '@e2eeftp/server';

import { CommandFailure } from './failure.js';
import { standardInput } from './options.js';

/** Bytes of a file that are looked at; a key has about a hundred. */
const fileLimit = 64 * 1024;

/** A client's key as it was found. */
export interface ClientKey {
  /** The key in the form that it had, without anything behind it. */
  readonly key: string;
  /** What stood behind the key, options apart: who hands out a key must not choose his rights. */
  readonly comment: string;
}

/**
 * Reads a client's public key from wherever its operator has it.
 *
 * @param source - the key itself, the name of a file, or {@link standardInput}
 * @returns the key
 * @throws CommandFailure when there is none
 */
export async function readClientKey(source: string): Promise<ClientKey> {
  if (source === standardInput)
    return expectKey('Standard input', await readBeginning(process.stdin));
  const key = parseKey(source);
  if (key) return key;
  const text = await readFileBeginning(source);
  if (text !== undefined) return expectKey(source, text);
  throw new CommandFailure(
    `"${source}" is neither a public key nor a file; give the line that \`e2eeftp id\` shows`,
  );
}

function expectKey(name: string, text: string): ClientKey {
  if (text.includes('PRIVATE KEY-----')) {
    throw new CommandFailure(
      `${name} holds a private key, which nobody but its owner should have; give the public key`,
    );
  }
  const isPem = text.trimStart().startsWith('-----BEGIN');
  const lines = text.split(/\r?\n/u).map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !line.startsWith('#'));
  const key = parseKey(isPem ? text : (first ?? ''));
  if (key) return key;
  throw new CommandFailure(`${name} holds no Ed25519 public key in its first line`);
}

function parseKey(text: string): ClientKey | undefined {
  try {
    if (text.trimStart().startsWith('-----BEGIN')) {
      return { key: Buffer.from(parsePublicKey(text)).toString('base64'), comment: '' };
    }
    const words = text.trim().split(/\s+/u);
    const length = words[0] === 'ssh-ed25519' ? 2 : 1;
    const key = words.slice(0, length).join(' ');
    parsePublicKey(key);
    const comment = words.slice(length).filter((word) => !word.includes('=') && word !== 'v1');
    return { key, comment: comment.join(' ') };
  } catch {
    return undefined;
  }
}

async function readFileBeginning(path: string): Promise<string | undefined> {
  try {
    const file = await open(path);
    return await readBeginning(file.createReadStream({ end: fileLimit - 1 }));
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    if (error.code === 'ENOENT') return undefined;
    throw new CommandFailure(`Cannot read ${path}: ${error.message}`, { cause: error });
  }
}

async function readBeginning(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    if (length >= fileLimit) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
