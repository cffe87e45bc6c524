import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

import { rootDir } from './process.mjs';

const RESULTS = '.test-results.json';

/** @returns {string[]} the folders of all packages */
export function packageDirs() {
  return ['packages', 'apps', 'tooling', 'examples'].flatMap((group) =>
    readdirSync(join(rootDir, group), { withFileTypes: true })
      .map((entry) => join(rootDir, group, entry.name))
      .filter((dir) => existsSync(join(dir, 'package.json'))),
  );
}

const testedDirs = () => packageDirs().filter((dir) => existsSync(join(dir, 'jest.config.js')));

/** Removes the results of earlier runs, so that they are never counted as this one's. */
export function removeResults() {
  for (const dir of packageDirs()) rmSync(join(dir, RESULTS), { force: true });
}

/**
 * Adds up what Jest wrote in each package. A test file that did not run counts as one failure, and
 * so does a package without results.
 *
 * @returns {{lines: string[], passed: number, failed: number}}
 */
export function summary() {
  const lines = [];
  let passed = 0;
  let failed = 0;
  for (const dir of testedDirs()) {
    const counts = readResults(dir);
    passed += counts.passed;
    failed += counts.failed;
    lines.push(`${relative(rootDir, dir)}: ${counts.text}`);
  }
  return { lines, passed, failed };
}

function readResults(dir) {
  let results;
  try {
    results = JSON.parse(readFileSync(join(dir, RESULTS), 'utf8'));
  } catch {
    return { passed: 0, failed: 1, text: 'no results' };
  }
  const passed = results.numPassedTests;
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  return { passed, failed, text: `${passed} passed, ${failed} failed` };
}
