// Measures e2eeftp against a plain copy in one run, in turn, so that a machine whose speed drifts
// drifts for both.
import { parseArgs } from 'node:util';

import { measure } from './measure.mjs';
import { asTable } from './report.mjs';
import { withWorkFolder } from './work-folder.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    size: { type: 'string' },
    rounds: { type: 'string' },
    directory: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const mebibytes = Number(values.size ?? (values.quick ? 8 : 1024));
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const size = mebibytes * 2 ** 20;

const result = await withWorkFolder(values.directory, size, async (directory) => ({
  directory,
  size,
  rounds,
  ...(await measure({ directory, size, rounds })),
}));
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : asTable(result));
