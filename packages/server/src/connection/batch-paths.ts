import type { CborMap } from '@e2eeftp/protocol';

/**
 * @param args - what a client sent, unchecked
 * @returns the paths of the several files that it asks about; nothing when it asks about one
 */
export function batchPaths({ paths, files }: CborMap): string[] | undefined {
  if (Array.isArray(paths)) return paths.filter(isText);
  return Array.isArray(files) ? files.map(pathOf).filter(isText) : undefined;
}

function pathOf(file: unknown): unknown {
  return typeof file === 'object' && file !== null && 'path' in file ? file.path : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
