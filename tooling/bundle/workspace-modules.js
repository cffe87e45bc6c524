import { readFile } from 'node:fs/promises';
import { dirname, extname, sep } from 'node:path';

import { DirectImports } from './direct-imports.js';
import { ModuleUrls } from './module-urls.js';

const OWN = /[\\/](?:packages|apps)[\\/][^\\/]+[\\/](?:dist|src)[\\/].*\.[jt]s$/;

/**
 * Reads the modules of the workspace: see {@link DirectImports} and {@link ModuleUrls}.
 *
 * @param {Record<string, string>} found takes the modules that others find by their URL: their name
 *   in the bundle, and their file
 * @returns {import('esbuild').Plugin}
 */
export function workspaceModules(found) {
  return {
    name: 'workspace-modules',
    setup(build) {
      const { absWorkingDir: program, outdir = 'dist' } = build.initialOptions;
      const imports = new DirectImports(build);
      const urls = new ModuleUrls(program, outdir, found);
      build.onLoad({ filter: OWN }, async ({ path }) => {
        if (path.split(sep).includes('node_modules')) return undefined;
        const text = await readFile(path, 'utf8');
        return {
          contents: urls.replaceIn(await imports.replaceIn(text, path), path),
          loader: extname(path) === '.ts' ? 'ts' : 'js',
          resolveDir: dirname(path),
        };
      });
    },
  };
}
