import type { CborMap } from '@e2eeftp/protocol';

import type { Random } from './random.js';

/** A request as a client makes it. */
export interface CorpusRequest {
  readonly command: string;
  readonly args: CborMap;
  /** Whether bytes follow. */
  readonly body: boolean;
}

/** Ids of uploads that can be resumed: few, so that they meet. */
export const uploads: readonly Uint8Array[] = [1, 2, 3, 4].map((byte) =>
  new Uint8Array(16).fill(byte),
);
const names = ['received/f', 'received/g', 'received/d/f', 'received/d/e/f', 'received/h'];

const vault = `vaults/${'a'.repeat(26)}`;
const keyring = `${vault}/.keyring/1`;

/** One command or another, as it should be asked. */
export function corpusRequest(random: Random): CorpusRequest {
  return random.pick(corpus(random));
}

/** Every command, as it should be asked. */
export function corpus(random: Random): readonly CorpusRequest[] {
  const path = random.pick(names);
  const upload = random.pick(uploads);
  const offset = random.pick([0, 1, 5, 100]);
  return [
    { command: 'HLIST', args: {}, body: false },
    { command: 'PING', args: {}, body: false },
    { command: 'WHOAMI', args: {}, body: false },
    { command: 'LIST', args: { path: 'received' }, body: false },
    { command: 'LIST', args: { path: '', recursive: true, limit: 2 }, body: false },
    { command: 'LIST', args: { path: 'received', cursor: 'd', recursive: true }, body: false },
    { command: 'STAT', args: { path }, body: false },
    { command: 'GET', args: { path }, body: false },
    { command: 'GET', args: { path, offset, length: 10 }, body: false },
    { command: 'GET', args: { path, etag: 'etag' }, body: false },
    { command: 'MGET', args: { paths: [path, 'received/f', 'received/none'] }, body: false },
    { command: 'DIGEST', args: { path }, body: false },
    { command: 'DIGEST', args: { path, offset, length: 10, etag: 'etag' }, body: false },
    { command: 'SEND', args: { path }, body: true },
    { command: 'SEND', args: { path, mode: 0o640 }, body: true },
    { command: 'SEND', args: { path, overwrite: 'always' }, body: true },
    { command: 'MSEND', args: { files: [{ path, size: 5 }] }, body: true },
    {
      command: 'MSEND',
      args: {
        files: [
          { path, size: 2, mtime: 1, mode: 0o640, overwrite: 'never' },
          { path: 'received/f', size: 3 },
        ],
      },
      body: true,
    },
    { command: 'SEND', args: { path: 'received/f' }, body: true },
    { command: 'GET', args: { path: 'received/f' }, body: false },
    { command: 'GET', args: { path: 'received/f', offset }, body: false },
    { command: 'DELETE', args: { path: 'received/f', recursive: true }, body: false },
    { command: 'SEND', args: { path, size: 5, mtime: 1, overwrite: 'never' }, body: true },
    { command: 'SEND', args: { path, size: 100, upload }, body: true },
    { command: 'SEND', args: { path, upload, offset }, body: true },
    { command: 'RESUME', args: { upload }, body: false },
    { command: 'RESUME', args: { upload, digest: true }, body: false },
    { command: 'DELETE', args: { path, recursive: true }, body: false },
    { command: 'DELETE', args: { path, etag: 'etag' }, body: false },
    { command: 'RENAME', args: { from: path, to: random.pick(names) }, body: false },
    { command: 'RENAME', args: { from: 'received/d', to: 'received/e' }, body: false },
    { command: 'MKDIR', args: { path: 'received/d' }, body: false },
    { command: 'CHMOD', args: { path, mode: 0o755 }, body: false },
    { command: 'CARD', args: {}, body: false },
    { command: 'CARD', args: { identity: new Uint8Array(32).fill(7) }, body: false },
    { command: 'CARD', args: { card: new Uint8Array(100).fill(7) }, body: false },
    { command: 'LIST', args: { path: 'vaults', recursive: true }, body: false },
    { command: 'SEND', args: { path: keyring, overwrite: 'never' }, body: true },
    { command: 'SEND', args: { path: `${vault}/AAAA`, keyring: 1 }, body: true },
    { command: 'DELETE', args: { path: vault, recursive: true, keyring: 1 }, body: false },
  ];
}
