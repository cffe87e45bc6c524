// Measures vaults: e2eeftp's programs, with and without one, against rclone crypt over SFTP, in turn.
import { parseArgs } from 'node:util';

import { measureVaults } from './vaults/measure.mjs';
import { asTable } from './vaults/report.mjs';
import { withWorkFolder } from './work-folder.mjs';

const mebibyte = 2 ** 20;
const { values } = parseArgs({
  options: {
    mebibytes: { type: 'string', default: '1024' },
    files: { type: 'string', default: '10000' },
    folders: { type: 'string', default: '100' },
    size: { type: 'string', default: '4096' },
    rounds: { type: 'string', default: '3' },
    directory: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const shape = {
  bytes: Number(values.mebibytes) * mebibyte,
  files: Number(values.files),
  folders: Number(values.folders),
  size: Number(values.size),
};
const rounds = Number(values.rounds);

const room = 2 * shape.bytes + shape.files * shape.size;
const result = await withWorkFolder(values.directory, room, async (directory) => ({
  directory,
  ...shape,
  rounds,
  ...(await measureVaults({ directory, shape, rounds })),
}));
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : asTable(result));
