import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { vectorFileText } from './support/vectors.js';

test.each(['ed25519-edge-cases', 'fingerprints', 'x25519-refused'])(
  'the script that made %s.json makes it again',
  (name) => {
    const script = new URL(`../../../vectors/make-${name}.mjs`, import.meta.url);
    const printed = execFileSync(process.execPath, [fileURLToPath(script)], { encoding: 'utf8' });
    expect(printed).toBe(vectorFileText(`${name}.json`));
  },
);
