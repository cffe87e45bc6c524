import { builtinModules } from 'node:module';
import { join } from 'node:path';

import { build } from 'esbuild';

import { deferredPackages } from './deferred-packages.js';
import { licensesOf } from './licenses.js';
import { workspaceModules } from './workspace-modules.js';
import { writeFolder } from './write-folder.js';
import { yargs } from './yargs.js';

// What tsc writes beside the bundle: declarations, and what it has checked.
const KEPT = (name) => name === 'types' || name.endsWith('.tsbuildinfo');

/**
 * Makes of `src/main.ts`, and of all that it imports, the files in `dist`: `main.js`, a file for
 * each thread or process that some module starts, what they share, and what is imported only when
 * it is needed. Nothing but these files is needed to run them.
 *
 * The output stays readable, so that a stack trace says where it comes from; files that are the
 * same already are left alone.
 *
 * @param {string} folder the program's package
 * @throws {Error} when a module cannot be bundled
 */
export async function bundle(folder) {
  const { outputFiles, metafile } = await buildAll(folder);
  const dist = join(folder, 'dist');
  const files = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  files.set(join(dist, 'THIRD-PARTY-LICENSES.txt'), licensesOf(metafile, folder));
  const started = join(dist, 'main.js');
  await writeFolder(dist, files, { last: started, keeps: KEPT });
}

/** Each module that another one finds by its URL is one more entry, which may know further ones. */
async function buildAll(folder) {
  const entries = { main: join(folder, 'src', 'main.ts') };
  for (;;) {
    const found = {};
    const result = await buildOnce(folder, entries, found);
    const missing = Object.keys(found).filter((name) => !Object.hasOwn(entries, name));
    if (missing.length === 0) return result;
    Object.assign(entries, found);
  }
}

async function buildOnce(folder, entryPoints, found) {
  const result = await build({
    absWorkingDir: folder,
    entryPoints,
    outdir: 'dist',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // What packages that are no ES modules expect of Node.
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
    },
    legalComments: 'eof',
    metafile: true,
    write: false,
    logLevel: 'error',
    plugins: [workspaceModules(found), deferredPackages(), yargs()],
  });
  refuseForeignImports(result.metafile);
  return result;
}

function refuseForeignImports({ outputs }) {
  const foreign = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external && !isBuiltin(path))
    .map(({ path }) => path);
  if (foreign.length === 0) return;
  throw new Error(`These are not part of the bundle: ${[...new Set(foreign)].join(', ')}`);
}

const isBuiltin = (name) => name.startsWith('node:') || builtinModules.includes(name);
