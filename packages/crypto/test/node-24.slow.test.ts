import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { Vector } from './support/vectors.js';

const run = promisify(execFile);
const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const minutes = 60_000;

let folder = '';
let node = '';

/** The binary of the newest Node 24, from the package of the npm registry that brings it. */
async function fetchNode24(): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    await run('npm', ['pack', `${name}@24`, '--silent'], { cwd: folder, timeout: 3 * minutes });
  } catch (cause) {
    throw new Error(
      `This test needs the package ${name}@24, and npm could not fetch it. Is the registry within reach?`,
      { cause },
    );
  }
  await run('sh', ['-c', 'tar -xzf *.tgz package/bin/node'], { cwd: folder });
  return join(folder, 'package', 'bin', 'node');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-node-24-'));
  node = await fetchNode24();
}, 4 * minutes);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test(
  'OpenSSL’s ML-KEM gives the values of the vectors, and the node backend uses it',
  async () => {
    const { stdout } = await run(node, [
      fileURLToPath(new URL('fixtures/native-ml-kem.mjs', import.meta.url)),
      pathToFileURL(join(packageFolder, 'dist/backends/node/index.js')).href,
      new URL('../../../vectors/v2.json', import.meta.url).href,
    ]);
    const result = new Vector(JSON.parse(stdout));
    expect(result.text('node')).toMatch(/^24\./u);
    expect(result.flag('isNative')).toBe(true);
    const yes = {
      encapsulationKey: true,
      sharedSecret: true,
      fromSeed: true,
      encapsulated: true,
    };
    expect(result.list('checks')).toEqual([yes, yes, yes]);
  },
  minutes,
);

test(
  'every other test of this package passes there too',
  async () => {
    const jest = createRequire(
      createRequire(import.meta.url).resolve('@e2eeftp/jest-preset'),
    ).resolve('jest/bin/jest');
    const results = join(folder, 'results.json');
    const env = { ...process.env, E2EEFTP_SLOW: '0' };
    await run(
      node,
      ['--experimental-vm-modules', jest, '--maxWorkers=1', '--json', `--outputFile=${results}`],
      { cwd: packageFolder, env, timeout: 8 * minutes, maxBuffer: 2 ** 26 },
    );
    const summary = new Vector(JSON.parse(await readFile(results, 'utf8')));
    expect(summary.flag('success')).toBe(true);
    expect(summary.number('numPassedTests')).toBeGreaterThan(500);
    expect(summary.number('numPendingTests')).toBe(0);
  },
  9 * minutes,
);
