import { parentPath, type RemotePath } from '@e2eeftp/protocol';

/**
 * @param items - what is at paths
 * @param pathOf - says at which
 * @returns the same by the folders that they are in
 */
export function byFolder<Item>(
  items: readonly Item[],
  pathOf: (item: Item) => RemotePath,
): Map<RemotePath, Item[]> {
  const folders = new Map<RemotePath, Item[]>();
  for (const item of items) {
    const path = parentPath(pathOf(item));
    const inside = folders.get(path);
    if (inside) inside.push(item);
    else folders.set(path, [item]);
  }
  return folders;
}
