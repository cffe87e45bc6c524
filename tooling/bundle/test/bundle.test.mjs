import { stat } from 'node:fs/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { Workspace } from './workspace.mjs';

const index = 'packages/library/dist/index.js';
const main = 'apps/program/src/main.ts';

let workspace;

async function bundled(files) {
  workspace = await Workspace.make(files);
  await workspace.bundle();
  return workspace;
}

/** What the bundler says about files that it refuses. */
async function refusal(files) {
  workspace = await Workspace.make(files);
  return workspace.bundle().then(
    () => 'nothing',
    ({ stderr }) => stderr,
  );
}

afterEach(() => workspace.remove());

describe('a module that is named by its URL', () => {
  const starter = `
    import { Worker } from 'node:worker_threads';
    import { greeting } from './greeting.js';
    export function ask() {
      const thread = new Worker(new URL('./deep/thread.js', import.meta.url));
      return new Promise((resolve) => thread.once('message', (said) => resolve(greeting + said)));
    }`;
  const thread = `
    import { parentPort } from 'node:worker_threads';
    import { greeting } from '../greeting.js';
    parentPort.postMessage(greeting.toUpperCase());`;
  const files = {
    [main]: `import { ask } from '@e2eeftp/library';\nvoid ask().then(console.log);`,
    [index]: `export { ask } from './start.js';`,
    'packages/library/dist/greeting.js': `export const greeting = 'hello ';`,
    'packages/library/dist/start.js': starter,
    'packages/library/dist/deep/thread.js': thread,
  };

  test('runs as a thread, with what it imports', async () => {
    await bundled(files);
    expect(await workspace.names()).toContain('library-deep-thread.js');
    expect(await workspace.runAlone()).toBe('hello HELLO \n');
  });

  test('can start threads itself, and can belong to the program', async () => {
    await bundled({
      ...files,
      [main]: `
        import { fork } from 'node:child_process';
        fork(new URL('work/worker.js', import.meta.url));`,
      'apps/program/src/work/worker.ts': `
        import { ask } from '@e2eeftp/library';
        const said: string = await ask();
        console.log(said);
        process.exit();`,
    });
    expect(await workspace.runAlone()).toBe('hello HELLO \n');
  });

  test('has to be there', async () => {
    const { 'packages/library/dist/deep/thread.js': gone, ...others } = files;
    expect(gone).toBe(thread);
    expect(await refusal(others)).toMatch(/start\.js names \.\/deep\/thread\.js, which does not/u);
  });
});

test('two modules that would have one name in the bundle are refused', async () => {
  const said = await refusal({
    [main]: `
      console.log(new URL('./a/b.js', import.meta.url), new URL('./a-b.js', import.meta.url));`,
    'apps/program/src/a/b.ts': '',
    'apps/program/src/a-b.ts': '',
  });
  expect(said).toMatch(/would both become program-a-b\.js/u);
});

test('a yargs that is made of other files is refused', async () => {
  const said = await refusal({
    [main]: `import { yargs } from 'yargs';\nconsole.log(yargs);`,
    'apps/program/node_modules/yargs/index.js': 'export const yargs = 1;',
    'apps/program/node_modules/yargs/package.json': JSON.stringify({
      name: 'yargs',
      version: '99.0.0',
      license: 'MIT',
      main: 'index.js',
    }),
  });
  expect(said).toMatch(/yargs has no such file any more/u);
});

test('a module that asks where it is in another way is refused', async () => {
  const said = await refusal({ [main]: `console.log(import.meta.dirname);` });
  expect(said).toMatch(/main\.ts uses its own place otherwise/u);
});

describe('a file that is named by its URL', () => {
  const reader = (name) => `
    import { readFileSync } from 'node:fs';
    export const { version } = JSON.parse(readFileSync(new URL('${name}', import.meta.url), 'utf8'));`;

  test('is found in the program’s own package', async () => {
    await bundled({
      [main]: `import { version } from './deep/version.js';\nconsole.log(version);`,
      'apps/program/src/deep/version.ts': reader('../../package.json'),
    });
    expect(await workspace.runAlone()).toBe('2.0.0\n');
  });

  test('is refused in another one, which is not there when the program runs', async () => {
    const said = await refusal({
      [main]: `import { version } from '@e2eeftp/library';\nconsole.log(version);`,
      [index]: `export { version } from './version.js';`,
      'packages/library/dist/version.js': reader('../package.json'),
    });
    expect(said).toMatch(/library.package\.json, which is not part of the bundle/u);
  });
});

test('what is imported at run time runs only then, also behind the same index', async () => {
  await bundled({
    [main]: [
      "import { soon } from '@e2eeftp/library';",
      'console.log(soon);',
      "void import('./later.js').then(({ text }) => console.log(text));",
    ].join('\n'),
    'apps/program/src/later.ts': [
      "import {\n  later,\n  soon,\n} from '@e2eeftp/library';",
      'export const text: string = soon + later;',
    ].join('\n'),
    [index]: `export { soon } from './soon.js';\nexport { afterwards as later } from './later.js';`,
    'packages/library/dist/soon.js': `export const soon = 'the first, ';`,
    'packages/library/dist/later.js': `console.log('now');\nexport const afterwards = 'the second';`,
  });
  expect(await workspace.runAlone()).toBe('the first, \nnow\nthe first, the second\n');
});

test('a program that waits before it is ready is refused', async () => {
  const said = await refusal({ [main]: `await Promise.resolve();` });
  expect(said).toMatch(/Top-level await/u);
});

describe('the licenses', () => {
  const other = (files) => ({
    [main]: `import { other } from 'other';\nconsole.log(other);`,
    'apps/program/node_modules/other/index.js': `export const other = 1;`,
    ...files,
  });
  const name = 'apps/program/node_modules/other/package.json';

  test('of all that is in the bundle come with it, and of nothing else', async () => {
    await bundled(
      other({
        [name]: JSON.stringify({
          name: 'other',
          version: '1.2.3',
          license: 'MIT',
          main: 'index.js',
        }),
        'apps/program/node_modules/other/LICENSE.md': 'You may.',
        'apps/program/node_modules/unused/LICENSE': 'You may not.',
      }),
    );
    const text = await workspace.read('THIRD-PARTY-LICENSES.txt');
    expect(text).toContain('other 1.2.3 (MIT)\n\nYou may.');
    expect(text).not.toContain('You may not.');
  });

  test('have to be known', async () => {
    const said = await refusal(
      other({ [name]: JSON.stringify({ name: 'other', version: '1.2.3' }) }),
    );
    expect(said).toContain('other does not say under which license it is');
  });
});

test('what is the same already is left alone, and what is no part of the bundle any more goes', async () => {
  await bundled({
    [main]: `void import('./more.js').then(console.log);`,
    'apps/program/src/more.ts': `export const more = 1;`,
    'apps/program/dist/old.js': '',
    'apps/program/dist/types/main.d.ts': '',
  });
  const names = await workspace.names();
  expect(names).not.toContain('old.js');
  expect(names).toContain('types');
  const { ino } = await stat(workspace.path('main.js'));
  await workspace.bundle();
  expect((await stat(workspace.path('main.js'))).ino).toBe(ino);
  await workspace.write({ 'apps/program/src/more.ts': `export const more = 2;` });
  await workspace.bundle();
  expect((await stat(workspace.path('main.js'))).ino).not.toBe(ino);
  expect((await workspace.names()).sort()).toEqual(names.sort());
});
