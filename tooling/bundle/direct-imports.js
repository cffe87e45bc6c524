import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

const IMPORT = /^import \{([^}]*)\} from '(@e2eeftp\/[\w/-]+)';$/gm;
const EXPORT = /^export \{([^}]*)\} from '([^']+)';$/gm;

/**
 * Imports what the packages of the workspace export from the modules that have it, past the
 * `index.js` that only passes it on. Through that file esbuild takes each of them for needed
 * wherever one is, and puts all into one piece; this way, a command is loaded with what it needs.
 */
export class DirectImports {
  #build;
  #indexes = new Map();

  /** @param {import('esbuild').PluginBuild} build */
  constructor(build) {
    this.#build = build;
  }

  /**
   * @param {string} text a module
   * @param {string} path its file
   * @returns {Promise<string>} the same, with as many lines
   */
  async replaceIn(text, path) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(IMPORT)) {
      const [whole, list, from] = match;
      const index = await this.#resolve(from, path);
      const imports = await Promise.all(
        specifiers(list).map(async ({ inner, outer }) => {
          const { file, name } = await this.#origin(index, inner);
          return `import { ${name} as ${outer} } from ${JSON.stringify(file)};`;
        }),
      );
      const lines = '\n'.repeat(whole.split('\n').length - 1);
      parts.push(text.slice(end, match.index), imports.join(' '), lines);
      end = match.index + whole.length;
    }
    return parts.join('') + text.slice(end);
  }

  async #resolve(request, importer) {
    const resolveDir = dirname(importer);
    const { path, errors } = await this.#build.resolve(request, {
      kind: 'import-statement',
      importer,
      resolveDir,
    });
    if (errors.length > 0) throw new Error(`${importer}: ${errors[0].text}`);
    return path;
  }

  async #origin(file, name) {
    const found = (await this.#exportsOf(file)).get(name);
    return found ? this.#origin(found.file, found.name) : { file, name };
  }

  #exportsOf(file) {
    if (!this.#indexes.has(file)) this.#indexes.set(file, this.#readIndex(file));
    return this.#indexes.get(file);
  }

  async #readIndex(file) {
    const exported = new Map();
    if (basename(file) !== 'index.js') return exported;
    const text = await readFile(file, 'utf8');
    for (const [, list, from] of text.matchAll(EXPORT)) {
      const origin = await this.#resolve(from, file);
      for (const { inner, outer } of specifiers(list)) {
        exported.set(outer, { file: origin, name: inner });
      }
    }
    return exported;
  }
}

/** Of a list such as `one, two as three, type Four`, what remains at run time. */
function specifiers(list) {
  return list
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && !each.startsWith('type '))
    .map((each) => {
      const [inner, outer = inner] = each.split(' as ');
      return { inner, outer };
    });
}
