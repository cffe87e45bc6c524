import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { readBlocks } from './blocks.js';
import { runProgram, runShell } from './run.js';

const readme = resolve(process.argv[2]);
const folder = dirname(readme);
const blocks = readBlocks(readFileSync(readme, 'utf8'));
const programs = blocks.filter(({ language }) => language === 'ts' || language === 'js');
const scripts = blocks.filter(({ language, mark }) => language === 'sh' && mark === 'run');

const { errors: failures, javaScript } = await compile(
  programs.filter(({ language }) => language === 'ts'),
);
for (const block of programs) {
  const code = javaScript.get(block) ?? block.code;
  failures.push(...runProgram(folder, { ...block, code }));
}
for (const block of scripts) failures.push(...runShell(folder, block));

const ran = programs.length + scripts.length;
if (ran === 0) failures.push('there is no block to run');
if (failures.length > 0) {
  console.error(failures.map((failure) => `${readme}: ${failure}`).join('\n'));
  process.exitCode = 1;
} else {
  console.log(JSON.stringify({ ran }));
}

/** Loads the compiler only where there is something to compile: that takes longer than all else. */
async function compile(typed) {
  if (typed.length === 0) return { errors: [], javaScript: new Map() };
  const { checkTypes } = await import('./type-check.js');
  return checkTypes(folder, typed);
}
