// Measures e2eeftp against what else there is, in one run and in turn, so that a machine whose speed
// drifts drifts for all. The README beside it says what is measured.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';

import { asChart } from './report/chart.mjs';
import { resultOf } from './report/result.mjs';
import { asTable } from './report/table.mjs';
import { measureWork } from './run/measure.mjs';
import { withWorkFolder } from './work-folder.mjs';
import { worksOf } from './works/index.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    against: { type: 'string' },
    rounds: { type: 'string' },
    directory: { type: 'string' },
    disk: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
    svg: { type: 'string' },
  },
});
const all = worksOf(values.quick);
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const tell = (text) => process.stderr.write(`${text}\n`);

const works = {};
for (const name of chosen(values.only, Object.keys(all), 'work')) {
  const work = all[name];
  const names = chosen(values.against, work.contenders, undefined);
  const { title, isOnDisk = false } = work;
  const base = isOnDisk ? values.disk : values.directory;
  const measured = await withWorkFolder(base, sizeOf(work), (directory) =>
    measureWork(work, { directory, rounds, names, tell }),
  );
  works[name] = { title, isOnDisk, ...measured };
}

const result = resultOf({ rounds, works });
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
if (values.svg !== undefined) writeFileSync(values.svg, asChart(result));
process.stdout.write(asTable(result));

/** A list of names separated by commas; without one, all. */
function chosen(list, names, kind) {
  if (list === undefined) return names;
  const wanted = list.split(',').map((name) => name.trim());
  const unknown = kind && wanted.find((name) => !names.includes(name));
  if (unknown) throw new Error(`There is no ${kind} "${unknown}", only ${names.join(', ')}`);
  return names.filter((name) => wanted.includes(name));
}

function sizeOf({ source, atOnce = 1 }) {
  return atOnce * ('bytes' in source ? source.bytes : source.files * source.size);
}
