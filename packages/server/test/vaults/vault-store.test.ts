import { inMemory, onDisk } from './made-store.js';
import { vaultStoreRules } from './vault-store-rules.js';

vaultStoreRules('MemoryStore', inMemory);
vaultStoreRules('FileStore', onDisk);
