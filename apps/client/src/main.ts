import { collectYoungMemoryFirst } from '@e2eeftp/client';

import { run } from './program.js';

collectYoungMemoryFirst();

void run(process.argv.slice(2), process.env).then((exitCode) => {
  process.exitCode = exitCode;
});
