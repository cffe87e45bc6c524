import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { joinPath, rootPath, type RemotePath } from '@e2eeftp/protocol';
import { VaultError } from '@e2eeftp/vault';

import { asClientError, ClientError, throwIfAborted } from '../errors.js';
import type { OperationOptions } from '../options.js';
import { endsEverything } from '../tree/tally.js';
import { inParallel } from '../tree/task-pool.js';
import { placeOf, readHead } from './file-place.js';
import { explained, type OpenVault } from './open-vault.js';
import { resealFolder } from './vault-changes.js';
import type { VaultFolder } from './vault-folder.js';
import { etagOf, type VaultItem } from './vault-item.js';
import type { VaultTree } from './vault-tree.js';

/** What became of one entry of a vault that is rekeyed. */
export type RekeyOutcome =
  | { readonly type: 'file' | 'directory'; readonly path: string }
  | { readonly type: 'failed'; readonly path: string; readonly error: ClientError };

/** How a vault is rekeyed. */
export interface RekeyOptions extends Pick<OperationOptions, 'signal'> {
  /** Hears what was written anew, and what was not. It must not throw. */
  readonly onOutcome?: ((outcome: RekeyOutcome) => void | Promise<void>) | undefined;
}

/** What became of a vault that was rekeyed. */
export interface RekeyResult {
  /** Files and folders that were written anew. */
  readonly files: number;
  readonly directories: number;
  /** Entries that were not; as long as there are any, older ones still count. */
  readonly failed: number;
}

/** Files that are written anew at once. */
const filesAtOnce = 4;

/** Bytes of a file that is not written to the disk meanwhile. */
const longestInMemory = 1024 * 1024;

/** One rekeying of a vault: everything that was sealed before an epoch is sealed in the one in force. */
export class Rekeying {
  readonly #tree: VaultTree;
  readonly #vault: OpenVault;
  readonly #epoch: number;
  readonly #options: RekeyOptions;
  #files = 0;
  #directories = 0;
  #failed = 0;

  /**
   * @param tree - the vault
   * @param vault - the same, opened
   * @param options - whom to tell, and a signal
   */
  constructor(tree: VaultTree, vault: OpenVault, options: RekeyOptions) {
    this.#tree = tree;
    this.#vault = vault;
    this.#epoch = vault.opened.keyring.epoch;
    this.#options = options;
  }

  /**
   * @returns what was written anew
   * @throws ClientError when nothing more can be done
   */
  async run(): Promise<RekeyResult> {
    const { signal = new AbortController().signal } = this.#options;
    await this.#enter(rootPath, signal);
    return { files: this.#files, directories: this.#directories, failed: this.#failed };
  }

  async #enter(path: RemotePath, signal: AbortSignal): Promise<void> {
    const { client, places } = this.#tree.tools;
    const folder = await places.folder(path, { signal, since: performance.now() });
    for (const stored of folder.replaced) {
      // Nothing shows them, and they would be shown as too old.
      await client.remove(joinPath(folder.path, stored), { signal }).catch(unlessMissing);
    }
    for (const [name, { reason }] of folder.damaged) {
      const message = `Its name does not open (${reason}); remove it, or mend it, and rekey again`;
      await this.#fail(pathOf(path, name), new ClientError('integrity', message));
    }
    const items = [...folder.entries.values()];
    const files = items.filter(({ stored }) => stored.type === 'file');
    await inParallel(files, filesAtOnce, async (item) => {
      throwIfAborted(signal);
      await this.#attempt(pathOf(path, item.name), () => this.#file(path, folder, item, signal));
    });
    for (const { stored, name, epoch } of items) {
      if (stored.type !== 'directory') continue;
      const inner = pathOf(path, name);
      await this.#attempt(inner, async () => {
        if (epoch < this.#epoch) await this.#folder(inner, signal);
      });
      await this.#enter(inner, signal);
    }
  }

  async #folder(path: RemotePath, signal: AbortSignal): Promise<void> {
    await resealFolder(this.#tree.tools, path, signal);
    this.#directories += 1;
    await this.#options.onOutcome?.({ type: 'directory', path });
  }

  async #file(
    parent: RemotePath,
    folder: VaultFolder,
    item: VaultItem,
    signal: AbortSignal,
  ): Promise<void> {
    const path = pathOf(parent, item.name);
    const { client } = this.#tree.tools;
    const head = await readHead(client, this.#vault, placeOf(folder, item), signal);
    if (head.epoch >= this.#epoch && item.epoch >= this.#epoch) return;
    const { mtime, mode } = head.metadata;
    const send = { mtime, mode, overwrite: { etag: etagOf(item) }, signal };
    if (head.contentSize <= longestInMemory) {
      await this.#tree.send(await this.#tree.getBytes(path, { signal }), path, send);
    } else {
      await this.#byWayOfDisk(path, send);
    }
    this.#files += 1;
    await this.#options.onOutcome?.({ type: 'file', path });
  }

  /** What is signed anew has to be verified before, from its first to its last byte. */
  async #byWayOfDisk(
    path: RemotePath,
    send: Parameters<VaultTree['send']>[2] & { readonly signal: AbortSignal },
  ): Promise<void> {
    const scratch = await mkdtemp(join(tmpdir(), 'e2eeftp-rekey-'));
    try {
      const copy = join(scratch, 'file');
      await this.#tree.get(path, copy, { signal: send.signal });
      await this.#tree.send(copy, path, send);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #attempt(path: RemotePath, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (failure) {
      const isOurs = failure instanceof VaultError;
      const error = isOurs ? explained(failure, this.#vault, path) : asClientError(failure);
      if (endsEverything.has(error.code)) throw error;
      // A member has removed it meanwhile.
      if (error.code !== 'not-found') await this.#fail(path, error);
    }
  }

  async #fail(path: RemotePath, error: ClientError): Promise<void> {
    this.#failed += 1;
    await this.#options.onOutcome?.({ type: 'failed', path, error });
  }
}

function pathOf(folder: RemotePath, name: string): RemotePath {
  return (folder === '' ? name : `${folder}/${name}`) as RemotePath;
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof ClientError && error.code === 'not-found')) throw error;
}
