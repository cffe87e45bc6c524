import { createHash } from 'node:crypto';
import { builtinModules } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { deferredPackages } from './deferred-packages.js';
import { licensesOf } from './licenses.js';
import { workspaceModules } from './workspace-modules.js';
import { writeFolder } from './write-folder.js';
import { yargs } from './yargs.js';

const LAUNCHER = fileURLToPath(new URL('./launcher/main.js', import.meta.url));

// What tsc writes beside the bundle: declarations, and what it has checked.
const KEPT = (name) => name === 'types' || name.endsWith('.tsbuildinfo');

/**
 * Makes of `src/main.ts`, and of all that it imports, the files in `dist`: `program.cjs`, `main.js`,
 * which starts it, and a file for each thread or process that some module starts, with what those
 * share. Nothing but these files is needed to run them.
 *
 * The program is one script, because V8 can keep the compiled code of a script between two runs, and
 * so it must not have a top-level `await`. What it imports only when it is needed runs only then.
 *
 * The output stays readable, so that a stack trace says where it comes from; files that are the
 * same already are left alone.
 *
 * @param {string} folder the program's package
 * @throws {Error} when a module cannot be bundled
 */
export async function bundle(folder) {
  const found = {};
  const program = await buildProgram(folder, found);
  const results = [program, await buildLauncher(folder, program), await buildOthers(folder, found)];
  const dist = join(folder, 'dist');
  const outputs = results.flatMap(({ outputFiles }) => outputFiles);
  const files = new Map(outputs.map(({ path, contents }) => [path, contents]));
  const parts = Object.assign({}, ...results.map(({ metafile }) => metafile.outputs));
  files.set(join(dist, 'THIRD-PARTY-LICENSES.txt'), licensesOf({ outputs: parts }, folder));
  await writeFolder(dist, files, { last: join(dist, 'main.js'), keeps: KEPT });
}

function buildProgram(folder, found) {
  return build({
    ...common(folder, found),
    entryPoints: { program: join(folder, 'src', 'main.ts') },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': '$moduleUrl' },
    banner: { js: "const $moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
}

function buildLauncher(folder, { outputFiles: [{ contents }] }) {
  const digest = createHash('sha256').update(contents).digest('hex').slice(0, 32);
  return build({
    ...common(folder, {}),
    entryPoints: { main: LAUNCHER },
    format: 'esm',
    define: { PROGRAM: JSON.stringify({ program: basename(folder), build: digest }) },
  });
}

/** Each module that another one finds by its URL is one more entry, which may know further ones. */
async function buildOthers(folder, entries) {
  for (;;) {
    if (Object.keys(entries).length === 0) return { outputFiles: [], metafile: { outputs: {} } };
    const found = {};
    const result = await build({
      ...common(folder, found),
      entryPoints: entries,
      chunkNames: '[name]-[hash]',
      splitting: true,
      format: 'esm',
      // What packages that are no ES modules expect of Node.
      define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
      banner: {
        js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
      },
    });
    const missing = Object.keys(found).filter((name) => !Object.hasOwn(entries, name));
    if (missing.length === 0) return result;
    Object.assign(entries, found);
  }
}

function common(folder, found) {
  return {
    absWorkingDir: folder,
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    legalComments: 'eof',
    metafile: true,
    write: false,
    logLevel: 'error',
    plugins: [workspaceModules(found), deferredPackages(), yargs(), refuseForeignImports()],
  };
}

/** @returns {import('esbuild').Plugin} */
function refuseForeignImports() {
  return {
    name: 'foreign-imports',
    setup(build) {
      build.onEnd(({ metafile }) => {
        const foreign = Object.values(metafile?.outputs ?? {})
          .flatMap(({ imports }) => imports)
          .filter(({ external, path }) => external && !isBuiltin(path))
          .map(({ path }) => path);
        if (foreign.length === 0) return undefined;
        return {
          errors: [
            { text: `These are not part of the bundle: ${[...new Set(foreign)].join(', ')}` },
          ],
        };
      });
    },
  };
}

const isBuiltin = (name) => name.startsWith('node:') || builtinModules.includes(name);
