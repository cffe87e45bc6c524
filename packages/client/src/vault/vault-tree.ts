import { joinPath, type RemotePath, type StoredFile } from '@e2eeftp/protocol';

import type { Client } from '../client.js';
import { ClientError } from '../errors.js';
import type { VaultUploads } from '../home/vault-uploads.js';
import type { Operations } from '../operation/operations.js';
import type {
  GetBytesOptions,
  GetOptions,
  GetTogetherOptions,
  ListOptions,
  MkdirOptions,
  OperationOptions,
  RangeOptions,
  RemoveOptions,
  RenameOptions,
  SendOptions,
  SendTogetherOptions,
} from '../options.js';
import type { RemoteTree } from '../remote-tree.js';
import type { ServerFiles } from '../server-files.js';
import type { DownloadTarget } from '../transfer/target.js';
import type { UploadSource } from '../transfer/source.js';
import type { TogetherOutcome } from '../transfer/together/batch.js';
import type { FileToGet } from '../transfer/together/get-together.js';
import type { FileToSend } from '../transfer/together/send-together.js';
import { FileFinder } from './file-finder.js';
import { readHead } from './file-place.js';
import { KeyedTurns } from './keyed-turns.js';
import { changeVault, explained, type OpenVault } from './open-vault.js';
import { removeEntry, renameEntry } from './vault-changes.js';
import { hasSignedContent } from './vault-comparison.js';
import { downloadPart, downloadWhole } from './vault-download.js';
import { VaultFolders } from './vault-folders.js';
import { entryOf, listVaultFolder, type VaultEntry } from './vault-listing.js';
import { checkedVaultPath, VaultPlaces } from './vault-places.js';
import { readContent, type PartOptions } from './vault-ranges.js';
import type { Reading } from './vault-reading.js';
import { getTogether } from './vault-getting-together.js';
import { sendFile, type SendingTools } from './vault-sending.js';
import { sendTogether } from './vault-sending-together.js';

/** How the files of a vault are handled. */
export interface VaultTreeOptions {
  /**
   * Remembers uploads that were broken off, for a later run, where the client has a `journal` for
   * transfers, too; by default nothing does.
   */
  readonly uploads?: VaultUploads | undefined;
}

/** What fits into memory without a second thought. */
const defaultMaxSize = 64 * 1024 * 1024;

/**
 * The files and folders of a vault, which the server cannot read. Paths are relative to the vault's root.
 *
 * Everything else is as {@link RemoteTree} says, but for this:
 *
 * - A listing's times are the server's word: clients give it those of the files. What `get` tells of a
 *   file, and gives to a local one, its sender has signed; what `stat` tells, a member has written.
 * - Which entries are there is the server's word, and whether each is a file or a folder. It can
 *   withhold what it likes, and show what was there earlier, but no content that no member put there.
 * - A whole file counts as received when its sender's signature was checked; a local file gets its
 *   name only then. A stream, or a loop, gets parts that a member has written there, and fails in the
 *   end when it was not the sender. Of a range, the sender is never certain.
 * - A file that is replaced is another one on the server, and the older one is removed behind it. Two
 *   members who write one name at the same moment leave both files, one of them as a conflict, also
 *   with an `overwrite` other than `always`: nobody but members can compare names.
 * - Listings are up to a second old when a path is looked for that is there, and a bit older for a
 *   folder that takes long to list.
 */
export class VaultTree implements RemoteTree {
  /** A file's permissions are signed and encrypted with it. Listings do not tell them; `stat` does. */
  readonly keepsPermissions = true;
  readonly sealsPermissions = true;
  readonly #operations: Operations;
  readonly #client: ServerFiles;
  readonly #vault: OpenVault;
  readonly #tools: SendingTools;
  readonly #files: FileFinder;

  /** @internal */
  get tools(): SendingTools {
    return this.#tools;
  }

  /**
   * @param client - a client of the server that has the vault
   * @param session - the vault, opened; it must stay so as long as the tree is used
   * @param options - how its files are handled
   */
  constructor(client: Client, session: OpenVault, { uploads }: VaultTreeOptions = {}) {
    const { parts } = client;
    const folders = new VaultFolders(parts, session);
    const places = new VaultPlaces(parts, session, folders, new KeyedTurns());
    this.#operations = client.operations;
    this.#client = parts;
    this.#vault = session;
    this.#files = new FileFinder(session, places);
    const turns = new KeyedTurns();
    this.#tools = { client: parts, vault: session, uploads, folders, places, turns };
  }

  send(source: UploadSource, path: string, options: SendOptions = {}): Promise<StoredFile> {
    return this.#run(path, options, (checked, signal) =>
      sendFile(this.#tools, source, checked, { ...options, signal }),
    );
  }

  get(path: string, target: DownloadTarget, options: GetOptions = {}): Promise<StoredFile> {
    const { offset, length, etag } = options;
    const isWhole = offset === undefined && length === undefined && etag === undefined;
    const { client, vault } = this.#tools;
    const source = { client, vault, files: this.#files };
    return this.#run(path, options, (checked, signal) =>
      (isWhole ? downloadWhole : downloadPart)(source, checked, target, { ...options, signal }),
    );
  }

  sendTogether(
    files: readonly FileToSend[],
    options: SendTogetherOptions = {},
  ): Promise<TogetherOutcome[]> {
    return this.#run('', options, (_root, signal) =>
      sendTogether(this.#tools, files, { ...options, signal }),
    );
  }

  getTogether(
    files: readonly FileToGet[],
    options: GetTogetherOptions = {},
  ): Promise<TogetherOutcome[]> {
    const { client, vault } = this.#tools;
    const source = { client, vault, files: this.#files };
    return this.#run('', options, (_root, signal) =>
      getTogether(source, files, { ...options, signal }),
    );
  }

  getBytes(path: string, options: GetBytesOptions = {}): Promise<Buffer> {
    const { maxSize = defaultMaxSize } = options;
    return this.#run(path, options, async (checked, signal) => {
      const chunks: Uint8Array[] = [];
      for await (const parts of this.#content(checked, { ...options, maxSize }, signal)) {
        chunks.push(...parts);
      }
      return Buffer.concat(chunks);
    });
  }

  async *read(path: string, options: RangeOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    const operation = this.#operations.begin(options);
    try {
      const content = this.#content(checkedVaultPath(path), options, operation.signal);
      for await (const parts of content) yield* parts;
    } catch (error) {
      throw explained(error, this.#vault, path);
    } finally {
      this.#operations.end(operation);
    }
  }

  async *list(path: string, options: ListOptions = {}): AsyncGenerator<VaultEntry, void, void> {
    const { recursive = false } = options;
    const operation = this.#operations.begin(options);
    const { signal } = operation;
    try {
      const look = { signal, since: performance.now() };
      const folder = await this.#tools.places.folder(checkedVaultPath(path), look);
      yield* listVaultFolder(this.#tools.folders, folder, { ...look, recursive });
    } catch (error) {
      throw explained(error, this.#vault, path);
    } finally {
      operation.cut(new ClientError('aborted', 'The listing was left'));
      this.#operations.end(operation);
    }
  }

  stat(path: string, options: OperationOptions = {}): Promise<VaultEntry> {
    return this.#run(path, options, async (checked, signal) => {
      const { places } = this.#tools;
      const found = await places.find(checked, { signal });
      if (found.kind === 'damaged') {
        const { reason, stored } = found.damaged;
        const { storedSize: size, mtime, etag } = stored;
        return { path: checked, type: 'file', size, mtime, etag, damaged: reason };
      }
      if (found.kind === 'root' || found.item.stored.type === 'directory') {
        const stored =
          found.kind === 'root'
            ? this.#vault.root
            : joinPath(found.folder.path, found.item.stored.stored);
        const { type, size, mtime, etag } = await this.#client.stat(stored, { signal });
        return { path: checked, type, size, mtime, etag };
      }
      return this.#files.reading(checked, signal, async ({ item, place }) => {
        const { metadata } = await readHead(this.#client, this.#vault, place, signal);
        const { mtime, mode } = metadata;
        return { ...entryOf(item), path: checked, mtime, mode };
      });
    });
  }

  remove(path: string, options: RemoveOptions = {}): Promise<void> {
    return this.#run(path, options, (checked, signal) =>
      removeEntry(this.#tools, checked, { ...options, signal }),
    );
  }

  rename(from: string, to: string, options: RenameOptions = {}): Promise<void> {
    return this.#run(from, options, (checked, signal) =>
      renameEntry(this.#tools, checked, checkedVaultPath(to), { ...options, signal }),
    );
  }

  mkdir(path: string, options: MkdirOptions = {}): Promise<void> {
    return this.#run(path, options, (checked, signal) =>
      changeVault(this.#vault, signal, async (keyring) => {
        await this.#tools.places.makeFolder(checked, keyring, {
          signal,
          missingSince: options.since,
        });
      }),
    );
  }

  /**
   * Is always refused: permissions are signed with the content.
   *
   * @param path - a file
   * @returns never
   * @throws ClientError `bad-request`
   */
  chmod(path: string): Promise<StoredFile> {
    const message = `The permissions of ${path} are signed with its content; send it again with the ones it is to have`;
    return Promise.reject(new ClientError('bad-request', message));
  }

  requireComparison(): void {
    // What the sender signed is compared here, and the server has no part in it.
  }

  hasContentOf(path: string, local: string, options: OperationOptions = {}): Promise<boolean> {
    return this.#run(path, options, (checked, signal) =>
      this.#files.reading(checked, signal, (found) =>
        hasSignedContent(this.#reading(signal), found, local),
      ),
    );
  }

  #content(
    path: RemotePath,
    options: PartOptions,
    signal: AbortSignal,
  ): ReturnType<typeof readContent> {
    return readContent(this.#files, this.#reading(signal), path, options);
  }

  #reading(signal: AbortSignal): Reading {
    return { client: this.#client, vault: this.#vault, signal };
  }

  /** Its parts are operations of the client, which waits for all of them; together they have one time. */
  async #run<Result>(
    path: string,
    options: OperationOptions,
    task: (path: RemotePath, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    try {
      const checked = checkedVaultPath(path);
      return await this.#operations.runWhole(options, (signal) => task(checked, signal));
    } catch (error) {
      throw explained(error, this.#vault, path);
    }
  }
}
