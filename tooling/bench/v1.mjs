// Measures the first generation of the protocol: a Python peer that works as the original did, and
// e2eeftp, each with each, in turn.
import { parseArgs } from 'node:util';

import { measurePairs, pairs } from './original/pairs.mjs';
import { asTable } from './original/report.mjs';
import { withWorkFolder } from './work-folder.mjs';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    pair: { type: 'string', multiple: true, default: Object.keys(pairs) },
    directory: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const size = Math.round(Number(values.size) * 2 ** 20);
const rounds = Number(values.rounds);
const names = values.pair;
const unknown = names.find((name) => !Object.hasOwn(pairs, name));
if (unknown !== undefined) {
  throw new Error(`There is no pair ${unknown}; there are ${Object.keys(pairs).join(', ')}`);
}

const result = await withWorkFolder(values.directory, size, async (directory) => ({
  directory,
  size,
  rounds,
  ...(await measurePairs({ directory, size, rounds, names })),
}));
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : asTable(result));
