import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

// Such as new URL('./thread.js', import.meta.url): how a module names a file beside it.
const URL_OF_FILE = /\bnew URL\(\s*(['"])([^'":]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;

// In the bundle, a module is in another place.
const OWN_PLACE = /\bimport\.meta\b/;

/**
 * Lets modules start threads and processes by the URL of another module: that one becomes an entry
 * of its own, and the URL that of the bundled file. Other files are found from the folder of the
 * bundle, and so only those of the program's own package.
 */
export class ModuleUrls {
  #program;
  #dist;
  #found;

  /**
   * @param {string} program the folder of the program's package
   * @param {string} outdir where the bundle will be, from there
   * @param {Record<string, string>} found takes the modules that are named: their name in the bundle,
   *   and their file
   */
  constructor(program, outdir, found) {
    this.#program = program;
    this.#dist = join(program, outdir);
    this.#found = found;
  }

  /**
   * @param {string} text a module
   * @param {string} path its file
   * @returns {string} the module, with URLs that are right in the bundle
   * @throws {Error} when there is no such file, or none that the bundle can have beside the others
   */
  replaceIn(text, path) {
    if (OWN_PLACE.test(text.replace(URL_OF_FILE, ''))) {
      throw new Error(
        `${path} uses its own place otherwise than in new URL('./x', import.meta.url)`,
      );
    }
    return text.replace(URL_OF_FILE, (_whole, _quote, name) => {
      const file = fileAt(resolve(dirname(path), name));
      if (file === undefined) throw new Error(`${path} names ${name}, which does not exist`);
      return `new URL('./${this.#nameFor(file, path)}', import.meta.url)`;
    });
  }

  #nameFor(file, importer) {
    if (/\.[jt]s$/.test(file)) {
      const name = entryName(file);
      const other = this.#found[name] ?? file;
      if (other !== file) throw new Error(`${other} and ${file} would both become ${name}.js`);
      this.#found[name] = file;
      return `${name}.js`;
    }
    if (file.startsWith(this.#program + sep)) {
      return relative(this.#dist, file).split(sep).join('/');
    }
    throw new Error(`${importer} reads ${file}, which is not part of the bundle`);
  }
}

/** Sources name each other by the file that the compiler makes of them. */
function fileAt(path) {
  return [path, path.replace(/\.js$/, '.ts')].find((candidate) => existsSync(candidate));
}

/** Such as file-io-small-files-thread, for packages/file-io/dist/small-files/thread.js. */
function entryName(file) {
  const parts = file.replace(/\.[jt]s$/, '').split(sep);
  const root = parts.findLastIndex((part) => part === 'dist' || part === 'src');
  return [parts[root - 1], ...parts.slice(root + 1)].join('-');
}
