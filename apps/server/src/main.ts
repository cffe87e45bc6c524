import { collectYoungMemoryFirst } from '@e2eeftp/server';

import { run } from './cli.js';

collectYoungMemoryFirst();

void run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
