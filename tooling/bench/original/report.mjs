// How the measurements of the first generation are shown to people.
import { mebibytes, spread } from '../report/figures.mjs';
import { pairs } from './pairs.mjs';

/** The result of a run as text. */
export function asTable({ directory, size, rounds, transfers, missing }) {
  const measured = Object.entries(transfers);
  const lines = [
    `${mebibytes(size)}, ${rounds} rounds, in ${directory}; median (minimum to maximum)`,
  ];
  for (const direction of ['up', 'down']) {
    for (const [name, runs] of measured) {
      const used = runs.map((run) => run[direction]);
      const seconds = used.map((one) => one.seconds);
      const speeds = seconds.map((one) => size / 1e6 / one);
      const cpu = used.map((one) => one.cpuSeconds);
      const [[floor, floorRuns]] = measured;
      const ratios = seconds.map((one, round) => floorRuns[round][direction].seconds / one);
      const ratio = name === floor ? '' : `   ${spread(ratios, 1)} times the first`;
      lines.push(
        `${direction.padEnd(5)} ${label(name)} ${spread(speeds, 1)} MB/s, ${spread(seconds, 2)} s, client's CPU ${spread(cpu, 2)} s${ratio}`,
      );
    }
  }
  for (const [name, runs] of measured) {
    const { up, down, server } = runs.at(-1);
    const [sender, getter, other] = [up, down, server].map((one) => mebibytes(one.peakMemory));
    lines.push(`peak memory ${label(name)} client ${sender} up, ${getter} down; server ${other}`);
  }
  for (const [name, reason] of Object.entries(missing)) {
    lines.push(`not measured ${label(name)} ${reason}`);
  }
  return `${lines.join('\n')}\n`;
}

function label(name) {
  const [client, server] = pairs[name];
  return `${client} client, ${server} server`.padEnd('e2eeftp client, e2eeftp server'.length);
}
