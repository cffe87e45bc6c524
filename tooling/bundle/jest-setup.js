import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundle } from './bundle.js';

const apps = fileURLToPath(new URL('../../apps/', import.meta.url));

/** Bundles the programs before tests run them, so that no test runs what they were before. */
export default async function setup() {
  for (const name of readdirSync(apps)) {
    if (existsSync(join(apps, name, 'src', 'main.ts'))) await bundle(join(apps, name));
  }
}
