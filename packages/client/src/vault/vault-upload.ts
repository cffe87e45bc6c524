import { concatBytes, utf8 } from '@e2eeftp/crypto';
import { joinPath, limits, type RemotePath, type StoredFile } from '@e2eeftp/protocol';
import {
  beginSealing,
  contentFileSize,
  storedFileSize,
  vaultLimits,
  type FileMetadata,
  type VaultErrorCode,
} from '@e2eeftp/vault';

import { ClientError } from '../errors.js';
import type { KeptNotes, VaultUploads } from '../home/vault-uploads.js';
import type { SendOptions } from '../options.js';
import type { ServerFiles } from '../server-files.js';
import type { OpenSource } from '../transfer/open-source.js';
import { worthResuming } from '../transfer/size-limits.js';
import { bootId } from '../transfer/transfer-owner.js';
import type { UploadSource } from '../transfer/source.js';
import { refusable, sealingOf, vaultErrorIn, type OpenVault } from './open-vault.js';
import { readSource, SealedSource, sealedOnce, type FileToSend } from './sealed-source.js';
import { contentIn } from './stored-progress.js';
import { NotesInMemory } from './upload-notes.js';
import type { VaultFolder } from './vault-folder.js';

/** What uploads work with. */
export interface UploadTools {
  readonly client: ServerFiles;
  readonly vault: OpenVault;
  /** What is known of uploads of earlier runs; by default nothing. */
  readonly uploads: VaultUploads | undefined;
}

/** A file that is to be put into a folder of a vault. */
export interface FileToPut {
  /** The path in the vault. */
  readonly path: RemotePath;
  readonly folder: VaultFolder;
  readonly name: string;
  /** An id that the entry may have; it is asked for anew when the upload starts over. */
  readonly newId: () => Uint8Array;
  /** The ids of what it takes the place of. */
  readonly replaces: readonly Uint8Array[];
  /** The number of the keyring in force. */
  readonly keyring: number;
}

/** A file that was put into a folder. */
export interface PutFile {
  readonly id: Uint8Array;
  /** Its name on the server. */
  readonly stored: string;
  /** As the server has it. */
  readonly file: StoredFile;
  readonly size: number;
  readonly metadata: FileMetadata;
}

/** What an upload that cannot go on safely fails with; it starts over with new keys. */
const startsOver: ReadonlySet<VaultErrorCode> = new Set<VaultErrorCode>([
  'source-changed',
  'journal-damaged',
  'journal-insufficient',
  'epoch-changed',
]);

/** Times that an upload starts over. */
const patience = 3;

/** What a file's owner may do, and nobody else may do anything. */
const defaultMode = 0o600;

/**
 * Seals a file, and puts it into a folder of a vault. Nothing that is there already is changed.
 *
 * @param tools - what to work with
 * @param source - what to send
 * @param to - where to
 * @param options - how, with the operation's signal
 * @returns what is there now
 * @throws ClientError; RefusedChange
 */
export async function putFile(
  tools: UploadTools,
  source: OpenSource,
  to: FileToPut,
  options: SendOptions & { readonly signal: AbortSignal },
): Promise<PutFile> {
  return new VaultUpload(tools, source, to, options).run();
}

class VaultUpload {
  readonly #tools: UploadTools;
  readonly #source: OpenSource;
  readonly #to: FileToPut;
  readonly #options: SendOptions & { readonly signal: AbortSignal };
  readonly #size: number | undefined;
  readonly #metadata: Omit<FileMetadata, 'sender'>;

  constructor(
    tools: UploadTools,
    source: OpenSource,
    to: FileToPut,
    options: SendOptions & { readonly signal: AbortSignal },
  ) {
    this.#tools = tools;
    this.#source = source;
    this.#to = to;
    this.#options = options;
    this.#size = options.size ?? source.size;
    this.#metadata = metadataOf(source, to.replaces, options);
  }

  async run(): Promise<PutFile> {
    if (this.#size !== undefined && this.#size <= limits.batchFileSize) return this.#putSmall();
    if (!this.#source.isRepeatable || this.#size === undefined) return this.#putOnce();
    const kept = await this.#takeNotes();
    try {
      return await this.#putResumable(this.#size, kept);
    } catch (error) {
      if (!(error instanceof ClientError) || !goesOnLater.has(error.code)) await kept?.forget();
      throw error;
    } finally {
      await kept?.close();
    }
  }

  /** What is small is sealed once, and sent again as it is. */
  async #putSmall(): Promise<PutFile> {
    const source = this.#source;
    const file = { entry: this.#to.newId(), metadata: this.#metadata };
    const content: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of readSource(source, 0)) {
      size += chunk.length;
      if (size > (this.#size ?? 0)) break;
      content.push(Uint8Array.from(chunk));
    }
    if (size !== this.#size) {
      const message = `${this.#to.path}: the source has another size than was said; send it again`;
      throw new ClientError('bad-request', message);
    }
    const sealer = beginSealing(sealingOf(this.#tools.vault), file);
    const parts = [...sealer.start().bytes];
    for (const piece of content) parts.push(...sealer.update(piece).bytes);
    parts.push(...sealer.finish().bytes);
    return this.#send(file, concatBytes(...parts), storedFileSize(size));
  }

  async #putOnce(): Promise<PutFile> {
    const { vault } = this.#tools;
    const source = this.#source;
    const { path } = this.#to;
    const file = { entry: this.#to.newId(), metadata: this.#metadata };
    const stored = this.#size === undefined ? undefined : storedFileSize(this.#size);
    return this.#send(file, sealedOnce({ vault, source, file, path }), stored);
  }

  async #putResumable(size: number, kept: KeptNotes | undefined): Promise<PutFile> {
    let entry = kept?.earlier === undefined ? undefined : earlierEntry(kept.earlier, this.#plan());
    for (let attempt = 1; ; attempt++) {
      if (!entry) {
        entry = this.#to.newId();
        kept?.begin(JSON.stringify({ entry: textOf(entry), ...this.#plan() }));
      }
      try {
        return await this.#putSealed(size, entry, kept);
      } catch (error) {
        const { code } = vaultErrorIn(error) ?? {};
        if (!code || !startsOver.has(code) || attempt === patience) throw error;
        entry = undefined;
      }
    }
  }

  async #putSealed(size: number, entry: Uint8Array, kept: KeptNotes | undefined): Promise<PutFile> {
    const { vault } = this.#tools;
    const file = { entry, metadata: this.#metadata };
    const version = this.#source.version?.name ?? 'in memory';
    const state = { source: utf8(version), boot: utf8(await bootId()) };
    const notes = kept ?? new NotesInMemory();
    const { path } = this.#to;
    const sealed = new SealedSource({
      ...{ vault, source: this.#source, file, path },
      ...{ size, state, notes },
    });
    try {
      const put = await this.#send(file, sealed, sealed.size);
      await kept?.forget();
      return put;
    } finally {
      await sealed.close();
    }
  }

  async #send(
    { entry, metadata }: FileToSend,
    source: UploadSource,
    storedSize: number | undefined,
  ): Promise<PutFile> {
    const { client, vault } = this.#tools;
    const { folder, name, keyring } = this.#to;
    const { signal, checksum, onProgress } = this.#options;
    const stored = folder.seal(entry, name);
    const sending = client.send(source, joinPath(folder.path, stored), {
      keyring,
      signal,
      checksum,
      mtime: metadata.mtime,
      size: storedSize,
      onProgress:
        onProgress &&
        (({ transferred }) => {
          onProgress({ transferred: contentIn(transferred, this.#size), total: this.#size });
        }),
    });
    const file = await refusable(sending);
    return {
      ...{ id: entry, stored, file },
      size: contentFileSize(file.size),
      metadata: { ...metadata, sender: vault.identity.publicKey },
    };
  }

  /** Only what a later run can know again is worth notes. */
  async #takeNotes(): Promise<KeptNotes | undefined> {
    const { client, vault, uploads } = this.#tools;
    const { local, version } = this.#source;
    if (local === undefined || version?.isSettled !== true) return undefined;
    if (this.#size === undefined || this.#size < worthResuming) return undefined;
    const { server, isKept } = client.memory;
    if (!isKept) return undefined;
    const key = { server, vault: vault.id, path: this.#to.path, local };
    // No upload fails because it could not go on later.
    return uploads?.take(key).catch(() => undefined);
  }

  /** What an upload of an earlier run must have been, to be gone on with. */
  #plan(): Record<string, unknown> {
    const { mode, replaces } = this.#metadata;
    const { folder, name } = this.#to;
    const { epoch } = this.#tools.vault.opened.keyring;
    const { mtime } = this.#metadata;
    return { folder: folder.path, name, epoch, mtime, mode, replaces: replaces.map(textOf) };
  }
}

/** Failures after which a later run can go on. */
const goesOnLater: ReadonlySet<string> = new Set([
  'aborted',
  'closed',
  'disconnected',
  'server-failed',
  'shutting-down',
  'timed-out',
  'too-many-requests',
  'unreachable',
]);

/**
 * @param source - what is sent
 * @param replaces - the ids of what it takes the place of
 * @param options - time and permissions that it is to have
 * @returns what is signed with its content
 */
export function metadataOf(
  source: Partial<Pick<OpenSource, 'mtime' | 'mode'>>,
  replaces: readonly Uint8Array[],
  { mtime, mode, preserveMode = false }: Pick<SendOptions, 'mtime' | 'mode' | 'preserveMode'>,
): Omit<FileMetadata, 'sender'> {
  const time = Math.round(mtime ?? source.mtime ?? Date.now());
  const own = preserveMode ? source.mode : undefined;
  return {
    mtime: Math.min(Math.max(time, 0), vaultLimits.mtime),
    mode: mode ?? own ?? defaultMode,
    replaces,
  };
}

/** What is damaged, or of another upload, tells nothing. */
function earlierEntry(earlier: string, plan: Record<string, unknown>): Uint8Array | undefined {
  const [, entry = ''] = /^\{"entry":"([\w-]{16})"/u.exec(earlier) ?? [];
  const isSame = earlier === JSON.stringify({ entry, ...plan });
  return isSame ? Buffer.from(entry, 'base64url') : undefined;
}

function textOf(id: Uint8Array): string {
  return Buffer.from(id).toString('base64url');
}
