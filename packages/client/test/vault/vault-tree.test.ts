import { VaultTree } from '../../src/vault/vault-tree.js';
import type { MadeTree } from '../support/made-tree.js';
import { testRemoteFiles } from '../support/remote-files-suite.js';
import { testRemoteFolders } from '../support/remote-folders-suite.js';
import { testRemoteTogether } from '../support/remote-together-suite.js';
import { beginVault, openVault, startVaultServer } from './support.js';

async function make(): Promise<MadeTree> {
  const server = await startVaultServer();
  const alice = await server.person('alice');
  const vault = await beginVault(alice, 'team');
  const session = await openVault(alice, vault, { firstOwner: alice.fingerprint, label: 'team' });
  const tree = new VaultTree(alice.client, session, { uploads: alice.home.vaultUploads });
  return { tree, root: '', longestName: 144 };
}

testRemoteFiles(make);
testRemoteFolders(make);
testRemoteTogether(make);
