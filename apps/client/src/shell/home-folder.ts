import { homedir } from 'node:os';

/**
 * @param path - a local path as it is typed
 * @returns it, with `~` at its beginning replaced by the user's folder
 */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path;
}
