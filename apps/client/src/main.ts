#!/usr/bin/env node
import { collectYoungMemoryFirst } from '@e2eeftp/client';

import { run } from './program.js';

collectYoungMemoryFirst();

process.exitCode = await run(process.argv.slice(2), process.env);
