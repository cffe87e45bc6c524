import type { Removal } from './removal-plan.js';

/** Files that are removed at once. */
const batchSize = 32;

/**
 * Carries out removals that are given in the order of the tree: each folder after what is in it.
 *
 * @param removals - what to remove
 * @param remove - removes one file, or one folder that may turn out not to be empty
 */
export async function carryOutRemovals(
  removals: AsyncIterable<Removal>,
  remove: (removal: Removal) => Promise<void>,
): Promise<void> {
  const folders: Removal[] = [];
  let files: Removal[] = [];
  const removeFiles = async (): Promise<void> => {
    const batch = files;
    files = [];
    await Promise.all(batch.map(remove));
  };
  const leaveFolders = async (path: string | undefined): Promise<void> => {
    for (let inner = folders.at(-1); inner; inner = folders.at(-1)) {
      if (path?.startsWith(`${inner.path}/`) === true) return;
      await removeFiles();
      await remove(inner);
      folders.pop();
    }
  };
  for await (const removal of removals) {
    await leaveFolders(removal.path);
    if (removal.type === 'directory') folders.push(removal);
    else files.push(removal);
    if (files.length >= batchSize) await removeFiles();
  }
  await leaveFolders(undefined);
  await removeFiles();
}
