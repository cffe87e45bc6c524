#!/usr/bin/env node
import { collectYoungMemoryFirst } from '@e2eeftp/server';

import { run } from './cli.js';

collectYoungMemoryFirst();

process.exitCode = await run(process.argv.slice(2));
