import type { Entry, StoredFile } from '@e2eeftp/protocol';

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
} from './options.js';
import type { UploadSource } from './transfer/source.js';
import type { DownloadTarget } from './transfer/target.js';
import type { TogetherOutcome } from './transfer/together/batch.js';
import type { FileToGet } from './transfer/together/get-together.js';
import type { FileToSend } from './transfer/together/send-together.js';

/**
 * Files and folders on a server, and what can be done with them, whoever can read them there. What
 * moves whole folders, or compares them, works with any such tree. {@link Client} is the one of a
 * server's own files, and says what each of these does.
 */
export interface RemoteTree {
  /** Whether permissions of files are kept. */
  readonly keepsPermissions: boolean;
  /**
   * Whether permissions are signed with the content: listings do not tell them, but `stat` does, and
   * they change only with the whole file.
   */
  readonly sealsPermissions: boolean;
  /** Sends a file; see {@link Client.send}. */
  send(source: UploadSource, path: string, options?: SendOptions): Promise<StoredFile>;
  /** Receives a file; see {@link Client.get}. */
  get(path: string, target: DownloadTarget, options?: GetOptions): Promise<StoredFile>;
  /** Sends several small files; see {@link Client.sendTogether}. */
  sendTogether(
    files: readonly FileToSend[],
    options?: SendTogetherOptions,
  ): Promise<readonly TogetherOutcome[]>;
  /** Receives several small files; see {@link Client.getTogether}. */
  getTogether(
    files: readonly FileToGet[],
    options?: GetTogetherOptions,
  ): Promise<readonly TogetherOutcome[]>;
  /** Receives a file into memory; see {@link Client.getBytes}. */
  getBytes(path: string, options?: GetBytesOptions): Promise<Buffer>;
  /** Reads a file chunk by chunk; see {@link Client.read}. */
  read(path: string, options?: RangeOptions): AsyncGenerator<Uint8Array, void, void>;
  /** Lists a folder; see {@link Client.list}. */
  list(path: string, options?: ListOptions): AsyncGenerator<Entry, void, void>;
  /** Looks at a file or folder; see {@link Client.stat}. */
  stat(path: string, options?: OperationOptions): Promise<Entry>;
  /** Removes a file or folder; see {@link Client.remove}. */
  remove(path: string, options?: RemoveOptions): Promise<void>;
  /** Gives a file or folder another name; see {@link Client.rename}. */
  rename(from: string, to: string, options?: RenameOptions): Promise<void>;
  /** Makes a folder; see {@link Client.mkdir}. */
  mkdir(path: string, options?: MkdirOptions): Promise<void>;
  /** Gives a file other permissions; see {@link Client.chmod}. */
  chmod(path: string, mode: number, options?: OperationOptions): Promise<StoredFile>;
  /** Says that files can be compared by their content, or throws; see {@link Client.requireComparison}. */
  requireComparison(): void;
  /** Compares a file with a local one; see {@link Client.hasContentOf}. */
  hasContentOf(path: string, local: string, options?: OperationOptions): Promise<boolean>;
}
