export type { FileToOpen, FileToSeal, OpenedFile } from './messages.js';
export { VaultThreads, type ThreadedVault } from './vault-threads.js';
