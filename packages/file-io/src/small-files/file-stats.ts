import { constants, type BigIntStats } from 'node:fs';

/** What a file system says of a file, as far as it is asked for: a part of Node's `BigIntStats`. */
export type FileStats = Pick<
  BigIntStats,
  'dev' | 'ino' | 'mode' | 'size' | 'mtimeNs' | 'ctimeNs' | 'isFile' | 'isDirectory'
>;

/** The same on its way between threads, where objects lose their methods. */
export type PackedStats = readonly [
  dev: bigint,
  ino: bigint,
  mode: bigint,
  size: bigint,
  mtimeNs: bigint,
  ctimeNs: bigint,
];

const typeBits = BigInt(constants.S_IFMT);

/**
 * @param stats - what a file system says of a file
 * @returns the same, for another thread
 */
export function packStats(stats: FileStats): PackedStats {
  const { dev, ino, mode, size, mtimeNs, ctimeNs } = stats;
  return [dev, ino, mode, size, mtimeNs, ctimeNs];
}

/**
 * @param packed - what another thread has packed
 * @returns what the file system said of the file
 */
export function unpackStats([dev, ino, mode, size, mtimeNs, ctimeNs]: PackedStats): FileStats {
  const is = (type: number): boolean => (mode & typeBits) === BigInt(type);
  return {
    dev,
    ino,
    mode,
    size,
    mtimeNs,
    ctimeNs,
    isFile: () => is(constants.S_IFREG),
    isDirectory: () => is(constants.S_IFDIR),
  };
}
