import { readFile } from 'node:fs/promises';

const SHIM = /[\\/]yargs[\\/]lib[\\/]platform-shims[\\/]esm\.mjs$/;
const THREE_UP = "resolve(__dirname, '../../../locales')";

/**
 * Keeps yargs from looking for its translations outside of the program's package, where something
 * else may have that name. It finds none; its own messages are English.
 *
 * @returns {import('esbuild').Plugin}
 */
export function yargsLocales() {
  return {
    name: 'yargs-locales',
    setup(build) {
      build.onLoad({ filter: SHIM }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!text.includes(THREE_UP)) throw new Error(`${path} looks for its locales elsewhere now`);
        return { contents: text.replace(THREE_UP, "resolve(__dirname, '../locales')") };
      });
    },
  };
}
