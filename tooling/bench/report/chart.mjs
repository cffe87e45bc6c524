// The results as a picture: for each work a group of bars, the shorter the faster.
import { median } from '../works/goals.mjs';

const width = 760;
const labels = 150;
const figures = 70;
const bar = 7;
const line = 20;
const title = 34;
const colours = { up: '#0969da', down: '#54aeff', list: '#0969da' };
const own = '#1f2328';
const others = '#656d76';

/**
 * @param {import('./result.mjs').Result} result
 * @returns {string} SVG
 */
export function asChart({ machine, rounds, works }) {
  const parts = [];
  let y = 28;
  parts.push(text(0, 16, `Seconds; medians of ${rounds} runs on ${machine.cores} cores`, others));
  parts.push(...legend());
  for (const work of Object.values(works)) {
    y += title;
    parts.push(text(0, y - 8, work.title, own, 'bold'));
    const rows = Object.entries(work.results).map(([name, directions]) => [
      name,
      timesOf(directions),
    ]);
    const longest = Math.max(...rows.flatMap(([, times]) => times.map(([, time]) => time)));
    for (const [name, times] of rows) {
      parts.push(text(0, y + bar + 4, name, name.startsWith('e2eeftp') ? own : others));
      for (const [at, [direction, time]] of times.entries()) {
        const length = Math.max(1, (time / longest) * (width - labels - figures));
        const top = y + 1 + at * (bar + 1);
        parts.push(
          `<rect x="${labels}" y="${top}" width="${length.toFixed(1)}" height="${bar}" fill="${colours[direction]}"/>`,
          text(labels + length + 5, top + bar, time.toPrecision(3), others, 'small'),
        );
      }
      y += line;
    }
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -6 ${width + 20} ${y + 16}" width="${width + 20}">\n` +
    '<style>text{font:12px sans-serif}.bold{font-weight:bold}.small{font-size:9px}</style>\n' +
    `<rect x="-10" y="-6" width="100%" height="100%" fill="#ffffff"/>\n${parts.join('\n')}\n</svg>\n`
  );
}

function timesOf(directions) {
  return Object.entries(directions).map(([direction, runs]) => [
    direction,
    median(runs.map(({ seconds }) => seconds)),
  ]);
}

function legend() {
  return ['up', 'down'].flatMap((direction, at) => {
    const x = width - 110 + at * 50;
    return [
      `<rect x="${x}" y="9" width="${bar}" height="${bar}" fill="${colours[direction]}"/>`,
      text(x + 11, 16, direction, others),
    ];
  });
}

function text(x, y, words, fill, style = '') {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" fill="${fill}"${style && ` class="${style}"`}>${safe}</text>`;
}
