// How measurements of vaults are shown to people.
import { mebibytes, spread } from '../figures.mjs';

const own = 'e2eeftp vault';

/** The result of a run as text. */
export function asTable({ directory, bytes, files, folders, size, rounds, seconds, missing }) {
  const lines = [
    `one file of ${mebibytes(bytes)}, ${files} files of ${size} bytes in ${folders} folders, ` +
      `a folder of ${files} entries; ${rounds} rounds, in ${directory}`,
    'seconds from the start of the client to its end; median (minimum to maximum)',
  ];
  for (const [figure, byName] of Object.entries(seconds)) {
    for (const [name, times] of Object.entries(byName)) {
      const ratios = byName[own]?.map((time, round) => time / times[round]);
      const ratio = name === own ? '' : `   ${own} takes ${spread(ratios, 2)} of that`;
      lines.push(`${figure.padEnd(18)} ${name.padEnd(14)} ${spread(times, 2)}${ratio}`);
    }
  }
  for (const [name, reason] of Object.entries(missing)) {
    lines.push(`not measured       ${name.padEnd(14)} ${reason}`);
  }
  return `${lines.join('\n')}\n`;
}
