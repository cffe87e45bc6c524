import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { readBlocks } from './blocks.js';
import { runProgram, runShell } from './run.js';
import { checkTypes } from './type-check.js';

const readme = process.argv[2];
const folder = dirname(readme);
const blocks = readBlocks(readFileSync(readme, 'utf8'));
const programs = blocks.filter(({ language }) => language === 'ts' || language === 'js');
const scripts = blocks.filter(({ language, mark }) => language === 'sh' && mark === 'run');

const checked = checkTypes(
  folder,
  programs.filter(({ language }) => language === 'ts'),
);
const failures = checked.errors;
for (const block of programs) {
  const code = checked.javaScript.get(block) ?? block.code;
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
