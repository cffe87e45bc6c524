// How fast e2eeftp is to be, each as a ratio within one run.

/**
 * @typedef {object} Goal
 * @property {string} work which work
 * @property {string} of who is to be fast
 * @property {string[]} against the others; the fastest of them counts
 * @property {number} atLeast how many times as fast as that one
 * @property {string[]=} directions when it is not for both
 */

const both = ['up', 'down'];
const e2eeftp = 'e2eeftp';
const vault = 'e2eeftp vault';

/** @type {Goal[]} */
export const goals = [
  { work: 'file', of: e2eeftp, against: ['plain copy'], atLeast: 0.9 },
  {
    work: 'file',
    of: e2eeftp,
    against: ['scp', 'scp aes128-gcm', 'sftp', 'sftp aes128-gcm'],
    atLeast: 1.3,
  },
  { work: 'file', of: e2eeftp, against: ['ssh2-sftp-client'], atLeast: 2 },
  { work: 'file', of: vault, against: ['rclone crypt'], atLeast: 3, directions: ['up'] },
  { work: 'file', of: vault, against: ['rclone crypt'], atLeast: 1.5, directions: ['down'] },
  { work: 'file', of: vault, against: [e2eeftp], atLeast: 0.5 },
  { work: 'tree', of: e2eeftp, against: ['sftp'], atLeast: 4 },
  { work: 'tree', of: e2eeftp, against: ['rsync over ssh', 'tar over ssh'], atLeast: 1 },
  { work: 'tree', of: vault, against: ['rclone crypt'], atLeast: 1 },
  { work: 'tree', of: vault, against: [e2eeftp], atLeast: 1 / 1.5, directions: ['up'] },
  {
    work: 'tree-on-disk',
    of: e2eeftp,
    against: ['rsync over ssh'],
    atLeast: 0.5,
    directions: ['up'],
  },
  { work: 'first', of: e2eeftp, against: ['sftp'], atLeast: 1 / 0.6 },
  { work: 'listing', of: vault, against: ['rclone crypt'], atLeast: 1, directions: ['list'] },
  { work: 'far-tree', of: e2eeftp, against: ['sftp'], atLeast: 20 },
];

/** Bytes of memory that neither side of e2eeftp needs more of, whatever the size of the file. */
export const memoryLimit = 150e6;

/**
 * Holds the results against the goals, as far as they were measured.
 *
 * @param {Record<string, {seconds: Record<string, Record<string, number[]>>}>} works times by work,
 *   contender and direction
 * @returns {{goal: Goal, direction: string, fastest: string, ratios: number[]}[]}
 */
export function judge(works) {
  return goals.flatMap((goal) =>
    (goal.directions ?? both).flatMap((direction) => {
      const { seconds } = works[goal.work] ?? { seconds: {} };
      const timesOf = (name) => seconds[name]?.[direction];
      const measured = goal.against.filter((name) => timesOf(name) !== undefined);
      const own = timesOf(goal.of);
      if (own === undefined || measured.length === 0) return [];
      const [fastest] = measured.sort((a, b) => median(timesOf(a)) - median(timesOf(b)));
      const ratios = own.map((time, round) => timesOf(fastest)[round] / time);
      return [{ goal, direction, fastest, ratios }];
    }),
  );
}

/** @param {number[]} numbers at least one */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
