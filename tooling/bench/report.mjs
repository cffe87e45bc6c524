// How measurements are shown to people.
import { mebibytes, spread } from './figures.mjs';
import { contenders } from './measure.mjs';

const [floor] = contenders;

/** The result of a run as text. */
export function asTable({ directory, size, rounds, transfers, small, smallSize }) {
  const lines = [
    `${mebibytes(size)}, ${rounds} rounds, in ${directory}; median (minimum to maximum)`,
  ];
  for (const direction of ['up', 'down']) {
    for (const contender of contenders) {
      const runs = transfers[contender];
      const speeds = runs.map((run) => size / 1e6 / run[direction].seconds);
      const ratios = speeds.map(
        (_, round) => transfers[floor][round][direction].seconds / runs[round][direction].seconds,
      );
      const ratio = contender === floor ? '' : `   ${spread(ratios, 2)} of ${floor}`;
      const cpu = spread(
        runs.map((run) => run[direction].cpuSeconds),
        2,
      );
      lines.push(
        `${direction.padEnd(5)} ${contender.padEnd(11)} ${spread(speeds, 0)} MB/s, client's CPU ${cpu} s${ratio}`,
      );
    }
  }
  const large = transfers.e2eeftp.at(-1);
  for (const side of ['up', 'down', 'server']) {
    const name = side === 'server' ? 'server' : `client, ${side}`;
    const peaks = [small[side], large[side]].map(({ peakMemory }) => mebibytes(peakMemory));
    lines.push(
      `peak memory of the ${name.padEnd(12)} ${peaks[0]} for ${mebibytes(smallSize)}, ${peaks[1]} for ${mebibytes(size)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
