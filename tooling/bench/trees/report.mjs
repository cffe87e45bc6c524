// How measurements of trees are shown to people.
import { spread } from '../figures.mjs';

const floor = 'sftp';

/** The result of a run as text. */
export function asTable({ directory, files, folders, size, rounds, seconds, missing }) {
  const lines = [
    `${files} files of ${size} bytes in ${folders} folders, ${rounds} rounds, in ${directory}`,
    'seconds from the start of the client to its end; median (minimum to maximum)',
  ];
  for (const direction of ['up', 'down']) {
    for (const [name, times] of Object.entries(seconds)) {
      const own = times[direction];
      const base = seconds[floor]?.[direction];
      const ratio =
        base && name !== floor
          ? `   ${spread(
              own.map((time, round) => time / base[round]),
              2,
            )} of ${floor}`
          : '';
      lines.push(`${direction.padEnd(5)} ${name.padEnd(16)} ${spread(own, 2)}${ratio}`);
    }
  }
  for (const [name, reason] of Object.entries(missing)) {
    lines.push(`not measured ${name.padEnd(16)} ${reason}`);
  }
  return `${lines.join('\n')}\n`;
}
