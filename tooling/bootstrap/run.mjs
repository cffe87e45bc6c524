// Runs a task of the workspace on a machine that has only Node and npm: `node run.mjs TASK`.
// It imports built-in modules alone, and uses old syntax until it knows how old Node is.
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const required = engines.node.replace('>=', '').split('.').map(Number);
const actual = process.versions.node.split('.').map(Number);

if (actual[0] < required[0] || (actual[0] === required[0] && actual[1] < required[1])) {
  console.error(
    `e2eeftp needs Node ${engines.node}; this is ${process.version} (${process.execPath}).\n` +
      'Install a newer Node, for instance the current LTS release, and run the command again.',
  );
  process.exitCode = 1;
} else {
  const { main } = await import('./tasks.mjs');
  process.exitCode = await main(process.argv.slice(2));
}
