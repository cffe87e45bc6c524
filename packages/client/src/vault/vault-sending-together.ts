import { joinPath, limits, parentPath, type RemotePath } from '@e2eeftp/protocol';
import { newEntryId, storedFileSize, type FileMetadata } from '@e2eeftp/vault';
import type { FileToSeal } from '@e2eeftp/vault-threads';

import { ClientError } from '../errors.js';
import type { SendTogetherOptions } from '../options.js';
import { areEnough, type TogetherOutcome } from '../transfer/together/batch.js';
import type { FileToSend } from '../transfer/together/send-together.js';
import { readSmallSources, type SmallSource } from '../transfer/together/small-sources.js';
import { changeVault, explained, sealingOf } from './open-vault.js';
import type { VaultFolder } from './vault-folder.js';
import { etagOf } from './vault-item.js';
import { checkedVaultPath } from './vault-places.js';
import { itemOf, type SendingTools } from './vault-sending.js';
import { metadataOf } from './vault-upload.js';

type SignalledOptions = SendTogetherOptions & { readonly signal: AbortSignal };

/** A small file on its way to its place, and which of them all it is. */
interface Outgoing {
  readonly index: number;
  readonly folder: VaultFolder;
  readonly name: string;
  readonly id: Uint8Array;
  /** Its name on the server. */
  readonly stored: string;
  readonly metadata: Omit<FileMetadata, 'sender'>;
  readonly content: Uint8Array;
}

/**
 * Sends small files to a vault with as few requests as possible. What replaces an older one goes by
 * itself, and so does what turns out to be sealed for an older keyring.
 *
 * @param tools - what to work with
 * @param files - what to send, and where to
 * @param options - how, with the operation's signal
 * @returns what became of each; nothing for those that are to be sent by themselves
 * @throws ClientError
 */
export async function sendTogether(
  tools: SendingTools,
  files: readonly FileToSend[],
  options: SignalledOptions,
): Promise<TogetherOutcome[]> {
  const { client, vault, turns } = tools;
  const { signal } = options;
  const outcomes: TogetherOutcome[] = files.map(() => undefined);
  if (!areEnough(files)) return outcomes;
  const given = files.map(({ source }) => source);
  const sources = await readSmallSources(client.smallFiles, given);
  const paths = files.map(({ path }) => path);
  await turns.run(paths, signal, () =>
    changeVault(vault, signal, async (keyring) => {
      const places = new NewPlaces(tools, keyring, options);
      const outgoing: Outgoing[] = [];
      const taken = new Set<string>();
      for (const [index, file] of files.entries()) {
        const source = sources[index];
        try {
          if (source instanceof ClientError) throw source;
          // One that goes to the path of another comes behind it.
          const one = taken.has(file.path) ? undefined : source;
          const outgoingFile = one && (await place(places, file, one, options));
          taken.add(file.path);
          if (outgoingFile) outgoing.push({ index, ...outgoingFile });
        } catch (error) {
          outcomes[index] = explained(error, vault, file.path);
        }
      }
      // Whoever may not write hears of it here, and not once for each file.
      sealingOf(vault);
      const sealed = await client.vaultThreads.seal(vault, outgoing.map(toSeal));
      const ready: (Outgoing & { readonly bytes: Uint8Array })[] = [];
      for (const [position, one] of outgoing.entries()) {
        const bytes = sealed[position];
        if (bytes instanceof Uint8Array) ready.push({ ...one, bytes });
        else outcomes[one.index] = explained(bytes, vault, files[one.index]?.path ?? '');
      }
      const results = await client.sendTogether(ready.map(toSend), { keyring, signal });
      for (const [position, one] of ready.entries()) {
        outcomes[one.index] = settled(tools, one, results[position]);
      }
    }),
  );
  return outcomes;
}

/** Finds the folders that files are to be put into, each once. */
class NewPlaces {
  readonly #tools: SendingTools;
  readonly #keyring: number;
  readonly #options: SignalledOptions;
  readonly #folders = new Map<RemotePath, Promise<VaultFolder>>();

  constructor(tools: SendingTools, keyring: number, options: SignalledOptions) {
    this.#tools = tools;
    this.#keyring = keyring;
    this.#options = options;
  }

  folderOf(path: RemotePath): Promise<VaultFolder> {
    const parent = parentPath(path);
    const known = this.#folders.get(parent);
    if (known) return known;
    const { places } = this.#tools;
    const { signal, since: missingSince } = this.#options;
    const found = places.makeFolder(parent, this.#keyring, { signal, missingSince });
    this.#folders.set(parent, found);
    return found;
  }
}

/** @returns the file, unless it is to be sent by itself */
async function place(
  places: NewPlaces,
  { path, mtime }: FileToSend,
  source: SmallSource,
  options: SignalledOptions,
): Promise<Omit<Outgoing, 'index'> | undefined> {
  const { content } = source;
  const checked = checkedVaultPath(path);
  if (checked === '' || storedFileSize(content.length) > limits.batchFileSize) return undefined;
  const folder = await places.folderOf(checked);
  const name = checked.slice(checked.lastIndexOf('/') + 1);
  if (folder.entries.has(name) || folder.damaged.has(name)) return undefined;
  const id = newEntryId();
  const metadata = metadataOf(source, [], { mtime, preserveMode: options.preserveMode });
  return { folder, name, id, stored: folder.seal(id, name), metadata, content };
}

function toSeal({ id, metadata, content }: Outgoing): FileToSeal {
  return { entry: id, metadata, content };
}

function toSend({
  folder,
  stored,
  bytes,
  metadata,
}: Outgoing & { readonly bytes: Uint8Array }): FileToSend {
  return { source: bytes, path: joinPath(folder.path, stored), mtime: metadata.mtime };
}

function settled(
  { vault }: SendingTools,
  { folder, name, id, stored, metadata, content }: Outgoing,
  outcome: TogetherOutcome,
): TogetherOutcome {
  if (!outcome) return undefined;
  if (outcome instanceof ClientError) {
    // There may be a newer keyring, somebody was faster, or the folder has another name by now: whoever
    // sends it alone finds out.
    const mayHaveChanged = outcome.code === 'conflict' || outcome.code === 'not-found';
    return mayHaveChanged ? undefined : explained(outcome, vault, name);
  }
  const put = {
    stored,
    file: outcome,
    metadata: { ...metadata, sender: vault.identity.publicKey },
  };
  folder.put(itemOf(put), { id, name });
  return { size: content.length, mtime: metadata.mtime, etag: etagOf({ id }), mode: metadata.mode };
}
