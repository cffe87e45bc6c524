// A folder of many small files, and what tells it from others.
import { createHash, randomFillSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes a tree of files that all differ, in as many folders of equal size. */
export function makeTree(path, { files, folders, size }) {
  const bytes = Buffer.alloc(size);
  for (let folder = 0; folder < folders; folder++) {
    mkdirSync(join(path, `folder-${folder}`), { recursive: true });
  }
  for (let file = 0; file < files; file++) {
    randomFillSync(bytes);
    writeFileSync(join(path, `folder-${file % folders}`, `file-${file}`), bytes);
  }
  return treeDigest(path);
}

/** A digest of the names and contents of all files below a folder. */
export function treeDigest(path) {
  const hash = createHash('sha256');
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(path.length))
    .sort();
  for (const name of names) {
    hash.update(`${name}\0`).update(
      createHash('sha256')
        .update(readFileSync(join(path, name)))
        .digest(),
    );
  }
  return hash.digest('hex');
}
