import type { FileStats } from '@e2eeftp/file-io';
import { limits } from '@e2eeftp/protocol';

/** Within so many nanoseconds, a further change may leave the same time stamps. */
const settlingTime = 1_000_000_000n;

/** Which version of a file somebody has seen. */
export interface SourceVersion {
  /** Differs between any two versions, unless it is not settled. */
  readonly name: string;
  /**
   * Whether every later change shows in the name. The last change was so recent otherwise that
   * another one could leave the same time stamps.
   */
  readonly isSettled: boolean;
}

/**
 * @param stats - what the file system says of a file
 * @returns its version
 */
export function versionOf(stats: FileStats): SourceVersion {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  const now = BigInt(Date.now()) * 1_000_000n;
  return {
    name: [dev, ino, size, mtimeNs, ctimeNs].join(':'),
    isSettled: ctimeNs <= now - settlingTime,
  };
}

/**
 * @param stats - what the system says of a file
 * @returns when it was changed, in milliseconds since 1970: the nearest one, in the same way wherever
 *   times are compared
 */
export function modifiedAt({ mtimeNs }: Pick<FileStats, 'mtimeNs'>): number {
  return Math.round(Number(mtimeNs) / 1e6);
}

/**
 * @param stats - what the system says of a file
 * @returns its permission bits; nothing on Windows, which has others and makes these up
 */
export function permissionsOf({ mode }: Pick<FileStats, 'mode'>): number | undefined {
  return process.platform === 'win32' ? undefined : Number(mode) & limits.mode;
}
