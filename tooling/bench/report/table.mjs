// The results as text.
import { memoryLimit } from '../works/goals.mjs';
import { figure, mebibytes, spread } from './figures.mjs';

/** @param {import('./result.mjs').Result} result */
export function asTable({ machine, rounds, works, goals }) {
  const lines = [
    `${machine.processor}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}`,
    `${rounds} rounds, in turn; seconds are the median (minimum to maximum)`,
  ];
  for (const work of Object.values(works)) {
    lines.push('', `${work.title}, ${work.isOnDisk ? 'on a disk' : 'in memory'}`);
    lines.push(row(['', '', 'seconds', 'CPU s: client', 'server', 'memory: client', 'server']));
    for (const [name, directions] of Object.entries(work.results)) {
      for (const [direction, runs] of Object.entries(directions)) {
        const all = (pick) => runs.map(pick);
        lines.push(
          row([
            name,
            direction,
            spread(
              all(({ seconds }) => seconds),
              2,
            ),
            figure(
              all(({ client }) => client.cpu),
              2,
            ),
            figure(
              all(({ server }) => server.cpu),
              2,
            ),
            mebibytes(Math.max(...all(({ client }) => client.memory))),
            mebibytes(Math.max(...all(({ server }) => server.memory))),
          ]),
        );
      }
    }
    for (const [name, reason] of Object.entries(work.missing)) {
      lines.push(`  ${name.padEnd(17)} not measured: ${reason}`);
    }
  }
  if (goals.length > 0) lines.push('', 'goals: times as fast', ...goals.map(goalLine));
  lines.push('', memoryLine(works));
  return `${lines.join('\n')}\n`;
}

const widths = [17, 5, 24, 14, 8, 15, 8];

function row(cells) {
  return `  ${cells.map((cell, at) => cell.padEnd(widths[at])).join(' ')}`.trimEnd();
}

function goalLine({ goal, direction, fastest, ratios }) {
  const isMet = Number(figure(ratios, 2)) >= Number(goal.atLeast.toFixed(2));
  const what = `${goal.work} ${direction}: ${goal.of} against ${fastest}`;
  return `  ${what.padEnd(62)} ${spread(ratios, 2)}, at least ${goal.atLeast.toFixed(2)}: ${isMet ? 'met' : 'NOT MET'}`;
}

function memoryLine(works) {
  const runs = Object.values(works)
    .flatMap(({ results }) => [results.e2eeftp, results['e2eeftp vault']])
    .flatMap((directions) => Object.values(directions ?? {}).flat());
  if (runs.length === 0) return 'e2eeftp was not measured';
  const most = Math.max(...runs.flatMap(({ client, server }) => [client.memory, server.memory]));
  return `the most memory of either side of e2eeftp: ${mebibytes(most)}, at most ${mebibytes(memoryLimit)}`;
}
