import { Identity, type CryptoBackend } from '@e2eeftp/crypto';

import { beginSealing } from '../../src/index.js';
import { withRandomBytes } from './backends.js';
import { contentOf, unhex } from './bytes.js';
import { sealRest } from './files.js';
import { vectorFile, type Vector } from './vectors.js';

const file = vectorFile('vault-files');
const vectors = file.children('vectors');

/** What the members of the vectors' vault know. */
export const knowledge = file.child('access');
export const positives = vectors.filter((vector) => vector.text('layer') === 'none');
export const negatives = vectors.filter((vector) => vector.text('layer') !== 'none');

const wrapKeys = new Map(
  knowledge.children('epochs').map((known) => [known.number('epoch'), known.bytes('wrapKey')]),
);

export function wrapKeyOfVector(epoch: number): Uint8Array | undefined {
  return wrapKeys.get(epoch);
}

const contents = new Map<Vector, Uint8Array>();

export function contentOfVector(positive: Vector): Uint8Array {
  const rule = positive.child('content');
  const made = contents.get(positive) ?? contentOf(rule.text('seed'), rule.number('length'));
  contents.set(positive, made);
  return made;
}

/** Seals what a positive describes, with the random bytes that it names. */
export function sealVector(backend: CryptoBackend, positive: Vector): Uint8Array {
  const drawn = ['fileKey', 'wrapSalt', 'nonce'].map((field) => positive.bytes(field));
  const metadata = positive.child('metadata');
  const epoch = positive.number('epoch');
  const sealer = beginSealing(
    {
      backend: withRandomBytes(backend, drawn),
      vault: knowledge.bytes('vault'),
      epoch,
      wrapKey: wrapKeyOfVector,
      sender: new Identity(knowledge.bytes('writerSeed'), backend),
    },
    {
      entry: positive.bytes('entry'),
      metadata: {
        mtime: metadata.number('mtime'),
        mode: metadata.number('mode'),
        replaces: metadata.list('replaces', 0).map((id) => unhex(String(id))),
      },
    },
  );
  return sealRest(sealer, [contentOfVector(positive)]);
}
