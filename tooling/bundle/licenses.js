import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

const TEXT = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

/**
 * @param {import('esbuild').Metafile} metafile what is in a bundle
 * @param {string} folder to which its paths are relative
 * @returns {string} the licenses of what others wrote, each package once
 * @throws {Error} when a package says nothing about its license
 */
export function licensesOf(metafile, folder) {
  const packages = new Map();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const file = resolve(folder, path.replace(/^[a-z-]+:/, ''));
      if (bytesInOutput === 0 || !file.split(sep).includes('node_modules')) continue;
      const entry = describe(packageOf(file));
      packages.set(entry.title, entry.text);
    }
  }
  const sorted = [...packages].sort(([one], [other]) => (one < other ? -1 : 1));
  const parts = sorted.map(([title, text]) => `${title}\n\n${text.trim()}\n`);
  return ['This program contains these packages.\n', ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}

/** The folder of a package; some have further manifests within, which have no name or version. */
function packageOf(file) {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (!existsSync(path)) continue;
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    if (manifest.name && manifest.version) return { folder, manifest };
  }
  throw new Error(`${file} belongs to no package`);
}

function describe({ folder, manifest }) {
  const { name, version, license, author, homepage } = manifest;
  const title = `${name} ${version}${license ? ` (${license})` : ''}`;
  const texts = readdirSync(folder).filter((file) => TEXT.test(file));
  if (texts.length > 0) {
    return {
      title,
      text: texts.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n'),
    };
  }
  if (!license) throw new Error(`${name} does not say under which license it is`);
  const who = typeof author === 'object' ? author.name : author;
  return { title, text: [who, homepage].filter(Boolean).join('\n') };
}
