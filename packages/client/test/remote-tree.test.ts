import type { MadeTree } from './support/made-tree.js';
import { testRemoteFiles } from './support/remote-files-suite.js';
import { testRemoteFolders } from './support/remote-folders-suite.js';
import { testRemoteTogether } from './support/remote-together-suite.js';
import { startPair } from './tree/support.js';

async function make(): Promise<MadeTree> {
  const { client: tree } = await startPair({ onDisk: true });
  return { tree, root: 'received', longestName: 255 };
}

testRemoteFiles(make);
testRemoteFolders(make);
testRemoteTogether(make);
