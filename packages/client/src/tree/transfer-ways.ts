import type { GetOptions, SendOptions } from '../options.js';
import type { RemoteTree } from '../remote-tree.js';
import type { TransferWay } from './file-transfers.js';

/** How the files of a tree move, but for what becomes of one that does not. */
export type Moves = Omit<TransferWay, 'onFailure'>;

/**
 * @param tree - the files on the server
 * @param options - how files are sent
 * @returns how to move them up
 */
export function uploads(
  tree: RemoteTree,
  options: Pick<SendOptions, 'preserveMode' | 'signal' | 'since'> & {
    overwrite?: 'always' | 'never';
  },
): Moves {
  return {
    together: async (files) => {
      if (options.overwrite === 'never') return [];
      const items = files.map(({ local, remote }) => ({ source: local, path: remote }));
      return tree.sendTogether(items, options);
    },
    alone: ({ local, remote }, onProgress) => tree.send(local, remote, { ...options, onProgress }),
  };
}

/**
 * @param tree - the files on the server
 * @param options - how files are received
 * @returns how to move them down
 */
export function downloads(
  tree: RemoteTree,
  options: Pick<GetOptions, 'overwrite' | 'preserveTime' | 'preserveMode' | 'signal'>,
): Moves {
  return {
    together: (files) =>
      tree.getTogether(
        files.map(({ local, remote, size }) => ({ path: remote, target: local, size })),
        options,
      ),
    alone: ({ local, remote }, onProgress) => tree.get(remote, local, { ...options, onProgress }),
  };
}
