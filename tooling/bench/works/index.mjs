// What is done with each contender.
const kibibyte = 2 ** 10;
const mebibyte = 2 ** 20;

const own = ['e2eeftp', 'e2eeftp vault'];
const ssh = ['scp', 'scp aes128-gcm', 'sftp', 'sftp aes128-gcm'];
const trees = ['sftp', 'rsync over ssh', 'tar over ssh', 'rclone', 'rclone crypt', ...own];

/**
 * One piece of work.
 *
 * @typedef {object} Work
 * @property {string} title what it is, for people
 * @property {{bytes: number} | {files: number, folders: number, size: number}} source a file, or a
 *   tree of small ones
 * @property {string[]} contenders who does it
 * @property {boolean=} isListed whether the time is that of listing it, and not of its transfers
 * @property {number=} atOnce how many clients do it at the same time, each with a source of its own
 * @property {number=} delay milliseconds that each direction of the link takes
 * @property {boolean=} isOnDisk whether it is to be done on a disk, and not in memory
 */

/**
 * All of them, by name.
 *
 * @type {Record<string, Work>}
 */
const full = {
  file: {
    title: 'one file of 1 GiB',
    source: { bytes: 1024 * mebibyte },
    contenders: ['cp', 'plain copy', ...ssh, 'ssh2-sftp-client', 'rclone', 'rclone crypt', ...own],
  },
  tree: {
    title: '10,000 files of 4 KiB in 100 folders',
    source: { files: 10_000, folders: 100, size: 4 * kibibyte },
    contenders: ['cp', ...trees],
  },
  'tree-on-disk': {
    title: '10,000 files of 4 KiB in 100 folders, on a disk',
    source: { files: 10_000, folders: 100, size: 4 * kibibyte },
    contenders: ['cp', 'sftp', 'rsync over ssh', ...own],
    isOnDisk: true,
  },
  'larger-files': {
    title: '1,000 files of 1 MiB',
    source: { files: 1000, folders: 10, size: mebibyte },
    contenders: ['cp', ...trees],
  },
  first: {
    title: 'connect, and one file of 1 KiB',
    source: { bytes: kibibyte },
    contenders: ['plain copy', 'scp', 'sftp', 'ssh2-sftp-client', 'rclone crypt', ...own],
  },
  listing: {
    title: 'list a folder of 10,000 entries',
    source: { files: 10_000, folders: 1, size: 1 },
    contenders: ['sftp', 'rclone', 'rclone crypt', ...own],
    isListed: true,
  },
  clients: {
    title: '50 clients at once, each with a file of 4 MiB',
    source: { bytes: 4 * mebibyte },
    contenders: ['scp', 'sftp', ...own],
    atOnce: 50,
  },
  'far-tree': {
    title: '1,000 files of 4 KiB over a round trip of 100 ms',
    source: { files: 1000, folders: 10, size: 4 * kibibyte },
    contenders: trees,
    delay: 50,
  },
  'far-file': {
    title: 'one file of 100 MiB over a round trip of 100 ms',
    source: { bytes: 100 * mebibyte },
    contenders: ['plain copy', 'scp', 'sftp', 'rclone', 'rclone crypt', ...own],
    delay: 50,
  },
};

/** The same at sizes that take seconds, to see that everything works. */
const quickly = {
  file: { title: 'one file of 8 MiB', source: { bytes: 8 * mebibyte } },
  tree: { title: '60 files of 4 KiB', source: { files: 60, folders: 3, size: 4 * kibibyte } },
  'tree-on-disk': {
    title: '60 files of 4 KiB, on a disk',
    source: { files: 60, folders: 3, size: 4 * kibibyte },
  },
  'larger-files': {
    title: '6 files of 1 MiB',
    source: { files: 6, folders: 2, size: mebibyte },
  },
  listing: { title: 'list 60 entries', source: { files: 60, folders: 1, size: 1 } },
  clients: { title: '3 clients at once', source: { bytes: mebibyte }, atOnce: 3 },
  'far-tree': {
    title: '4 files of 4 KiB over a round trip of 20 ms',
    source: { files: 4, folders: 2, size: 4 * kibibyte },
    delay: 10,
  },
  'far-file': {
    title: 'one file of 1 MiB over a round trip of 20 ms',
    source: { bytes: mebibyte },
    delay: 10,
  },
};

/**
 * @param {boolean} isQuick whether to do little of each
 * @returns {Record<string, Work>}
 */
export function worksOf(isQuick) {
  if (!isQuick) return full;
  const entries = Object.entries(full);
  return Object.fromEntries(entries.map(([name, work]) => [name, { ...work, ...quickly[name] }]));
}
