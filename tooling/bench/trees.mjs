// Measures many small files: e2eeftp's programs against OpenSSH's sftp, in turn.
import { parseArgs } from 'node:util';

import { measureTrees } from './trees/measure.mjs';
import { asTable } from './trees/report.mjs';
import { withWorkFolder } from './work-folder.mjs';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '10000' },
    folders: { type: 'string', default: '100' },
    size: { type: 'string', default: '4096' },
    rounds: { type: 'string', default: '3' },
    directory: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const shape = {
  files: Number(values.files),
  folders: Number(values.folders),
  size: Number(values.size),
};
const rounds = Number(values.rounds);

const result = await withWorkFolder(
  values.directory,
  shape.files * shape.size,
  async (directory) => ({
    directory,
    ...shape,
    rounds,
    ...(await measureTrees({ directory, shape, rounds })),
  }),
);
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : asTable(result));
