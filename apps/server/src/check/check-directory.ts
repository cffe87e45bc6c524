import { access, constants, lstat, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { codeOf, findingsAbout, type Finding } from './finding.js';

/** What the server makes in a data directory, and needs on one file system. */
const folders = [
  'received',
  'vaults',
  '.e2eeftp',
  '.e2eeftp/uploads',
  '.e2eeftp/resumable',
  '.e2eeftp/trash',
];

/** Bytes: below, hardly anything can be sent; or soon nothing can. */
const tooLittleRoom = 16 * 1024 * 1024;
const littleRoom = 1024 * 1024 * 1024;

/** File systems by the numbers that Linux gives them (statfs(2)). */
const withoutLinks: ReadonlyMap<number, string> = new Map([
  [0x4d44, 'FAT'],
  [0x2011bab0, 'exFAT'],
]);
const withLinks: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x2fc12fc1, // ZFS
  0xca451a4e, // bcachefs
  0xf2f52010, // F2FS
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
  0x6969, // NFS
]);

const about = findingsAbout('data directory');

/**
 * Looks whether the server could keep files in a directory. Nothing is written there.
 *
 * @param directory - the data directory, an absolute path
 * @returns what was found
 */
export async function checkDirectory(directory: string): Promise<readonly Finding[]> {
  try {
    const stats = await stat(directory);
    if (!stats.isDirectory()) return [about.wrong(`${directory} is no directory`)];
    const findings = [
      ...(await checkAccess(directory, stats.uid)),
      ...(await checkFolders(directory, stats.dev)),
    ];
    const isGood = !findings.some(({ verdict }) => verdict === 'wrong');
    const good = isGood ? [about.ok(`${directory} can be read and written`)] : [];
    return [...good, ...findings, ...(await checkFileSystem(directory))];
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return checkMissing(directory);
    return [about.wrong(`${directory} cannot be looked at (${code})`)];
  }
}

async function checkMissing(directory: string): Promise<readonly Finding[]> {
  const existing = await nearestExisting(directory);
  if (!(await isAllowed(existing))) {
    const advice = 'make it, and give it to the user that runs the server';
    return [about.wrong(`${directory} is missing and cannot be made in ${existing}; ${advice}`)];
  }
  const missing = about.ok(`${directory} is missing; the first start makes it`);
  return [missing, ...(await checkFileSystem(existing))];
}

async function nearestExisting(path: string): Promise<string> {
  const parent = dirname(path);
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  return exists || parent === path ? path : nearestExisting(parent);
}

async function checkAccess(directory: string, owner: number): Promise<readonly Finding[]> {
  if (!(await isAllowed(directory))) {
    return [about.wrong(`${directory} cannot be written to; give it to the server's user`)];
  }
  // Root may do everything, so this says nothing of the user that runs the server.
  if (process.getuid?.() !== 0 || owner === 0) return [];
  const advice = 'check as that user too, with `runuser -u USER -- e2eeftp-server check`';
  return [about.warning(`${directory} belongs to user ${owner}; ${advice}`)];
}

async function checkFolders(directory: string, device: number): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    folders.map(async (name): Promise<readonly Finding[]> => {
      const path = join(directory, name);
      const stats = await lstat(path).catch((error: unknown) => codeOf(error));
      if (stats === 'ENOENT' || stats === 'ENOTDIR') return [];
      if (typeof stats === 'string') return [about.wrong(`${path} cannot be looked at (${stats})`)];
      const advice = 'make it a folder of the data directory itself, not a link or a mount point';
      if (!stats.isDirectory()) return [about.wrong(`${path} is no folder; ${advice}`)];
      if (stats.dev !== device)
        return [about.wrong(`${path} is on another file system; ${advice}`)];
      if (await isAllowed(path)) return [];
      return [about.wrong(`${path} cannot be written to; give it to the server's user`)];
    }),
  );
  return findings.flat();
}

async function checkFileSystem(directory: string): Promise<readonly Finding[]> {
  const { bavail, bsize, files, ffree, type } = await statfs(directory);
  const free = bavail * bsize;
  const room = `the disk has room for ${shownSize(free)}`;
  return [
    free < tooLittleRoom
      ? about.wrong(`${room}; make some`)
      : free < littleRoom
        ? about.warning(`${room}; make some before it is full`)
        : about.ok(room),
    ...(files > 0 && ffree === 0 ? [about.wrong('the disk has no room for one more file')] : []),
    checkLinks(type),
  ];
}

/** A file that must not replace another gets its name by a hard link. */
function checkLinks(type: number): Finding {
  const name = withoutLinks.get(type);
  if (name !== undefined) {
    return about.wrong(
      `${name} has no hard links, which the server needs; use another file system`,
    );
  }
  if (withLinks.has(type)) return about.ok('the file system has hard links');
  const number = `0x${type.toString(16)}`;
  return about.warning(
    `the file system (type ${number}) is not known here; see with \`ln\` whether it has hard links, which the server needs`,
  );
}

function isAllowed(path: string): Promise<boolean> {
  return access(path, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

function shownSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const rank = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** rank).toFixed(rank === 0 ? 0 : 1)} ${units[rank] as string}`;
}
