import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { equalBytes, type CryptoBackend } from '@e2eeftp/crypto';
import { describe, expect, test } from '@jest/globals';

import { ContentHash, storedFileSize, vaultSizes, type OpeningAccess } from '../../src/index.js';
import { backends } from '../support/backends.js';
import { flipBit, hex, joined, sha256 } from '../support/bytes.js';
import { errorOf } from '../support/errors.js';
import {
  contentOfVector,
  knowledge,
  negatives,
  positives,
  sealVector,
  wrapKeyOfVector,
} from '../support/file-vectors.js';
import { open, sealedChunk } from '../support/files.js';
import { named, vectorFileText, type Vector } from '../support/vectors.js';

function accessOf(backend: CryptoBackend, vector: Vector): OpeningAccess {
  const writer = knowledge.bytes('writer');
  const last = vector.has('writerUntil') ? vector.number('writerUntil') : Infinity;
  return {
    backend,
    vault: knowledge.bytes('vault'),
    oldest: vector.has('oldest') ? vector.number('oldest') : 1,
    wrapKey: (epoch) => wrapKeyOfVector(epoch),
    isWriter: (identity, epoch) => equalBytes(identity, writer) && epoch <= last,
  };
}

test('the script that made vault-files.json makes it again', () => {
  const script = new URL('../../../../vectors/make-vault-files.mjs', import.meta.url);
  const printed = execFileSync(process.execPath, [fileURLToPath(script)], { encoding: 'utf8' });
  expect(printed).toBe(vectorFileText('vault-files.json'));
});

describe.each(backends)('%s', (_name, backend) => {
  test.each(named(positives))('seals: %s', (_comment, vector) => {
    const stored = sealVector(backend, vector);
    const header = Buffer.from(stored).toString('latin1', 0, vaultSizes.fileHeader);
    expect(header).toBe(vector.text('header'));
    expect(stored.length).toBe(vector.number('storedSize'));
    expect(sha256(stored)).toBe(vector.text('sha256'));
    expect(storedFileSize(contentOfVector(vector).length)).toBe(stored.length);
    const hash = new ContentHash(backend);
    hash.update(contentOfVector(vector));
    expect(hex(hash.root())).toBe(vector.text('root'));
  });

  test.each(named(positives))('opens: %s', (_comment, vector) => {
    const entry = vector.bytes('entry');
    const opened = open(accessOf(backend, vector), [sealVector(backend, vector)], entry);
    expect(sha256(opened.content)).toBe(sha256(contentOfVector(vector)));
    const { mtime, mode, sender, replaces } = opened.head.metadata;
    const expected = vector.child('metadata');
    expect(mtime).toBe(expected.number('mtime'));
    expect(mode).toBe(expected.number('mode'));
    expect(hex(sender)).toBe(expected.text('sender'));
    expect(replaces.map((id) => hex(id))).toEqual(expected.list('replaces', 0));
  });

  test.each(named(negatives))('refuses: %s', (_comment, vector) => {
    const { stored, entry } = negative(backend, vector);
    const error = errorOf(() => open(accessOf(backend, vector), [stored], entry));
    expect(error?.code).toBe(vector.text('layer'));
  });
});

function negative(
  backend: CryptoBackend,
  vector: Vector,
): { readonly stored: Uint8Array; readonly entry: Uint8Array } {
  if (vector.has('file')) return { stored: vector.bytes('file'), entry: vector.bytes('entry') };
  const of = positiveNamed(vector.text('of'));
  const original = sealVector(backend, of);
  const stored = vector
    .children('edits')
    .reduce((bytes, change) => edited(backend, bytes, of, change), original);
  expect(hex(stored)).not.toBe(hex(original));
  return { stored, entry: of.bytes('entry') };
}

function positiveNamed(comment: string): Vector {
  const found = positives.find((vector) => vector.text('comment') === comment);
  if (!found) throw new Error(`there is no vector "${comment}"`);
  return found;
}

function edited(
  backend: CryptoBackend,
  stored: Uint8Array,
  of: Vector,
  change: Vector,
): Uint8Array {
  const start = of.text('header').length + 16;
  const chunkAt = (index: number): Uint8Array =>
    stored.slice(start + index * sealedChunk, start + (index + 1) * sealedChunk);
  if (change.has('cutTo')) return stored.slice(0, start + change.number('cutTo'));
  if (change.has('append')) return joined([stored, change.bytes('append')]);
  if (change.has('flip')) return flipBit(stored, 8 * (start + change.number('flip')));
  if (change.has('payloadOf')) {
    const other = positiveNamed(change.text('payloadOf'));
    const payload = sealVector(backend, other).slice(other.text('header').length + 16);
    return joined([stored.slice(0, start), payload]);
  }
  const field = change.has('swap') ? 'swap' : 'copy';
  const [from, to] = change.list(field).map(Number) as [number, number];
  const result = Uint8Array.from(stored);
  result.set(chunkAt(from), start + to * sealedChunk);
  if (field === 'swap') result.set(chunkAt(to), start + from * sealedChunk);
  return result;
}
