import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundle } from './bundle.js';

const compiled = fileURLToPath(new URL('../../node_modules/.cache/programs', import.meta.url));
const apps = fileURLToPath(new URL('../../apps/', import.meta.url));

/** Bundles the programs before tests run them, so that no test runs what they were before. */
export default async function setup() {
  process.env.NODE_COMPILE_CACHE = compiled;
  for (const name of readdirSync(apps)) {
    if (existsSync(join(apps, name, 'src', 'main.ts'))) await bundle(join(apps, name));
  }
}
