import { readFile } from 'node:fs/promises';

// Each change is to a file of yargs: what to put in which place.
const CHANGES = [
  {
    // Else yargs looks for its translations outside of the program's package, where something else
    // may have that name. There are none; its own messages are English.
    file: /[\\/]yargs[\\/]lib[\\/]platform-shims[\\/]esm\.mjs$/,
    before: "resolve(__dirname, '../../../locales')",
    after: "resolve(__dirname, '../locales')",
  },
  {
    // Else yargs lays out the help of every command that it runs, in case somebody asks for it
    // later, which takes longer than all else that it does.
    file: /[\\/]yargs[\\/]build[\\/]lib[\\/]usage\.js$/,
    before: 'cachedHelpMessage = this.help();',
    after: '',
  },
];

const OF_YARGS = /(?:^|[\\/])node_modules[\\/]yargs[\\/]/;

/**
 * Fits yargs to a program that is bundled and starts fast. A yargs that has other files or other
 * code needs other changes: then nothing is bundled.
 *
 * @returns {import('esbuild').Plugin}
 */
export function yargs() {
  return {
    name: 'yargs',
    setup(build) {
      for (const { file, before, after } of CHANGES) {
        build.onLoad({ filter: file }, async ({ path }) => {
          const text = await readFile(path, 'utf8');
          if (!text.includes(before)) throw new Error(`${path} is another one: review its change`);
          return { contents: text.replace(before, after) };
        });
      }
      build.onEnd(({ metafile, errors }) => {
        const inputs = Object.keys(metafile?.inputs ?? {});
        if (errors.length > 0 || !inputs.some((path) => OF_YARGS.test(path))) return undefined;
        const missing = CHANGES.filter(({ file }) => !inputs.some((path) => file.test(path)));
        const text = 'yargs has no such file any more: review its change';
        return { errors: missing.map(({ file }) => ({ text: `${text} of ${file}` })) };
      });
    },
  };
}
