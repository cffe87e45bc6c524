import { dirname } from 'node:path';

// Modules that take milliseconds to get ready, for functions that most runs of a program never call:
// those for tables and help, for patterns, for writing settings, and for keys with a passphrase.
// Of each, the functions that are imported from it.
const DEFERRED = new Map([
  ['@noble/ciphers/aes.js', ['aessiv', 'ctr']],
  ['picomatch', ['default']],
  ['string-width', ['default']],
  ['write-file-atomic', ['default']],
]);

const FILTER = new RegExp(
  `^(?:${[...DEFERRED.keys()].map((name) => name.replaceAll('.', '\\.')).join('|')})$`,
);

/**
 * Runs such a module when one of its functions is called for the first time.
 *
 * @returns {import('esbuild').Plugin}
 */
export function deferredPackages() {
  return {
    name: 'deferred-packages',
    setup(build) {
      build.onResolve({ filter: FILTER }, async ({ path, kind, importer, resolveDir }) => {
        const names = DEFERRED.get(path);
        if (names === undefined || kind !== 'import-statement') return undefined;
        const resolved = await build.resolve(path, { kind: 'require-call', importer, resolveDir });
        const { errors } = resolved;
        return { path: resolved.path, namespace: 'deferred', pluginData: names, errors };
      });
      build.onLoad({ filter: /.*/, namespace: 'deferred' }, ({ path, pluginData: names }) => ({
        contents: `
          let module;
          const load = () => (module ??= require(${JSON.stringify(path)}));
          ${names.map(deferred).join('\n')}`,
        resolveDir: dirname(path),
      }));
    },
  };
}

/** A CommonJS module is its own default export. */
function deferred(name) {
  return name === 'default'
    ? 'export default (...args) => (load().default ?? load())(...args);'
    : `export const ${name} = (...args) => load().${name}(...args);`;
}
