import {
  joinPath,
  parentPath,
  parseRelativePath,
  rootPath,
  type Entry,
  type RemotePath,
  type StoredFile,
} from '@e2eeftp/protocol';

import { eachAccepted } from '../store/each-file.js';
import type { PathLocking } from '../store/path-locks.js';
import { listRoot } from '../store/root-listing.js';
import { StoreError } from '../store/store-error.js';
import type {
  ChangeOptions,
  DeleteOptions,
  FindUploadOptions,
  ListOptions,
  NewFile,
  OverwritePolicy,
  ReadFilesLimits,
  ResumePoint,
  Store,
  StoredFileReader,
  StoreFilesOptions,
  Upload,
  UploadKey,
  UploadOptions,
  WholeFile,
} from '../store/store.js';
import { isStoreError } from '../store/system-errors.js';
import { componentsOf } from '../store/tree.js';
import { isKeyringPlace, KeyringReplacement, type VaultClient } from './keyring-replacement.js';
import { DamagedKeyringError, type Keyrings } from './keyrings.js';
import {
  Memberships,
  notAllowed,
  requireEntry,
  requireInForce,
  type KnownKeyring,
  type Membership,
} from './membership.js';
import { placeInVault, turnFor, vaultsBranch, type VaultPlace } from './vault-place.js';
import { VaultUpload } from './vault-upload.js';

/**
 * A store as a client sees it who is a member of some vaults: those are all that exist in `vaults`
 * for it, and it changes in them what its role in the keyring in force allows (SPEC.md, vaults).
 *
 * Members check all of this themselves, and need not trust it. It keeps strangers from ciphertext,
 * and what they would only delete or fill.
 */
export class VaultStore implements Store {
  readonly #store: Store;
  readonly #keyrings: Keyrings;
  readonly #client: VaultClient;
  readonly #replacement: KeyringReplacement;

  /**
   * @param store - all files
   * @param keyrings - reads the keyrings among them; shared by all clients
   * @param client - who looks
   */
  constructor(store: Store, keyrings: Keyrings, client: VaultClient) {
    this.#store = store;
    this.#keyrings = keyrings;
    this.#client = client;
    this.#replacement = new KeyringReplacement(store, keyrings, client);
  }

  get locks(): PathLocking {
    return this.#store.locks;
  }

  async stat(path: RemotePath): Promise<Entry> {
    await this.#requireVisible(path);
    return this.#store.stat(path);
  }

  async *list(path: RemotePath, options: ListOptions): AsyncGenerator<Entry, void> {
    if (path === '') return yield* listRoot(this, options);
    if (path === vaultsBranch) return yield* this.#listVaults(options);
    await this.#requireVisible(path);
    yield* this.#store.list(path, options);
  }

  async open(path: RemotePath): Promise<StoredFileReader> {
    await this.#requireVisible(path);
    return this.#store.open(path);
  }

  readFiles(
    paths: readonly RemotePath[],
    limits: ReadFilesLimits,
  ): Promise<readonly PromiseSettledResult<WholeFile>[]> {
    const memberships = this.#memberships();
    const accept = async (path: RemotePath): Promise<RemotePath> => {
      await requireVisible(path, memberships);
      return path;
    };
    return eachAccepted(paths, accept, (accepted) => this.#store.readFiles(accepted, limits));
  }

  async createUpload(options: UploadOptions): Promise<Upload> {
    const place = placeInVault(options.path);
    if (!place) return this.#store.createUpload(options);
    if (isKeyringPlace(place)) return this.#replacement.receive(place, options);
    const { keyring } = options;
    requireEntry(place, await this.#membership(place), { keyring });
    await new Folders(this.#store).requireAbove(place);
    const upload = await this.#store.createUpload(options);
    const known = { keyring, put: place };
    return new VaultUpload(upload, (work) => this.#change([place], known, work));
  }

  async storeFiles(
    files: readonly NewFile[],
    options: StoreFilesOptions,
  ): Promise<readonly PromiseSettledResult<StoredFile>[]> {
    const isInVaults = ({ path }: NewFile): boolean => path.startsWith(`${vaultsBranch}/`);
    if (!files.some(isInVaults)) return this.#store.storeFiles(files, options);
    const places = new Map<RemotePath, VaultPlace | undefined>();
    const accepting = (folders?: Folders) => {
      const memberships = this.#memberships();
      return async (file: NewFile): Promise<NewFile> => {
        const { path } = file;
        const place = places.has(path) ? places.get(path) : placeInVault(path);
        places.set(path, place);
        if (!place) return file;
        requireEntry(place, await memberships.of(place), options);
        await folders?.requireAbove(place);
        return file;
      };
    };
    return eachAccepted(files, accepting(), (some) => {
      const turns = some.filter(isInVaults).map(({ path }) => turnFor(path));
      return this.locks.run(turns, () =>
        eachAccepted(some, accepting(new Folders(this.#store)), (accepted) =>
          this.#store.storeFiles(accepted, options),
        ),
      );
    });
  }

  /** Whoever began an upload knows what it is; what becomes of it is decided when it is whole. */
  findUpload(key: UploadKey, options: FindUploadOptions): Promise<ResumePoint> {
    return this.#store.findUpload(key, options);
  }

  async delete(path: RemotePath, options: DeleteOptions): Promise<void> {
    const place = placeInVault(path);
    if (!place) return this.#store.delete(path, options);
    // What is removed is encrypted for no one: the client need not know who the members are.
    const { keyring } = options;
    if (place.location?.kind !== 'vault') {
      return this.#change([place], { keyring, isOptional: true }, () =>
        this.#store.delete(path, options),
      );
    }
    const requireOwner = async (): Promise<void> => {
      const membership = await this.#membership(place);
      if (membership.role !== 'owner') throw notAllowed('Only an owner can delete a vault');
      requireInForce(membership, { keyring, isOptional: true });
    };
    await requireOwner();
    return this.locks.run([turnFor(path)], async () => {
      await requireOwner();
      await this.#store.delete(path, options);
    });
  }

  async rename(
    from: RemotePath,
    to: RemotePath,
    overwrite: OverwritePolicy,
    options: ChangeOptions = {},
  ): Promise<void> {
    const places = [placeInVault(from), placeInVault(to)].filter((place) => place !== undefined);
    const [source, target] = places;
    const rename = (): Promise<void> => this.#store.rename(from, to, overwrite, options);
    if (!source) return rename();
    for (const place of places) await this.#membership(place);
    if (source.root !== target?.root) {
      throw notAllowed('Nothing can be moved into a vault, or out of it');
    }
    return this.#change(places, { ...options, put: target }, rename);
  }

  async setMode(path: RemotePath, mode: number): Promise<StoredFile> {
    const place = placeInVault(path);
    if (!place) return this.#store.setMode(path, mode);
    await this.#membership(place);
    throw notAllowed('The permissions of a file in a vault are for its members to know');
  }

  async makeDirectory(path: RemotePath, options: ChangeOptions = {}): Promise<void> {
    const place = placeInVault(path);
    if (!place) return this.#store.makeDirectory(path, options);
    if (place.location?.kind === 'vault') {
      // It is there for members, and only a keyring makes one.
      await this.#membership(place);
      return;
    }
    const known = { ...options, put: place };
    await this.#change([place], known, () => this.#store.makeDirectory(path, options));
  }

  used(home: RemotePath): Promise<number> {
    return this.#store.used(home);
  }

  /** The store belongs to whoever opened it. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async *#listVaults({ recursive, after }: ListOptions): AsyncGenerator<Entry, void> {
    const [first, ...below] = componentsOf(after ?? rootPath);
    if (recursive && first !== undefined) yield* this.#listVault(first, below.join('/'));
    const behind = first === undefined ? {} : { after: parseRelativePath(first) };
    for await (const entry of this.#store.list(vaultsBranch, { recursive: false, ...behind })) {
      if (!(await this.#isVisible(joinPath(vaultsBranch, entry.path)))) continue;
      yield entry;
      if (recursive) yield* this.#listVault(entry.path, '');
    }
  }

  async *#listVault(id: string, below: string): AsyncGenerator<Entry, void> {
    const root = joinPath(vaultsBranch, id);
    if (!(await this.#isVisible(root))) return;
    // Part of a path is one below a vault, where no name belongs to the server.
    const after = below as RemotePath;
    for await (const entry of this.#store.list(root, { recursive: true, after })) {
      yield { ...entry, path: parseRelativePath(`${id}/${entry.path}`) };
    }
  }

  async #isVisible(root: RemotePath): Promise<boolean> {
    try {
      await this.#requireVisible(root);
      return true;
    } catch (error) {
      // One vault that is damaged must not hide all others; its members hear of it when they look.
      if (isStoreError(error, 'not-found') || error instanceof DamagedKeyringError) return false;
      throw error;
    }
  }

  async #requireVisible(path: RemotePath): Promise<void> {
    await requireVisible(path, this.#memberships());
  }

  #membership(place: VaultPlace): Promise<Membership> {
    return this.#memberships().of(place);
  }

  /** For one call: the next may find another keyring in force. */
  #memberships(): Memberships {
    return new Memberships(this.#keyrings, this.#client.identity);
  }

  /**
   * No keyring takes the place of the one in force until the work is done. What is decided then is
   * looked at before, so that nobody waits for the turns of those who are refused anyway.
   */
  async #change<Result>(
    places: readonly VaultPlace[],
    known: KnownKeyring & { readonly put?: VaultPlace },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const requireEntries = async (): Promise<void> => {
      const memberships = this.#memberships();
      for (const place of places) requireEntry(place, await memberships.of(place), known);
      if (known.put) await new Folders(this.#store).requireAbove(known.put);
    };
    await requireEntries();
    const turns = places.map(({ path }) => turnFor(path));
    return this.locks.run(turns, async () => {
      await requireEntries();
      return work();
    });
  }
}

/** Folders above places, each of them looked at once. */
class Folders {
  readonly #store: Store;
  readonly #found = new Map<RemotePath, Promise<void>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Checks that the folder above a place is there. Its stored name holds its id: made anew on the way, where
   * somebody has just renamed it, it would be a second one with that id, and members could use neither.
   */
  requireAbove({ path }: VaultPlace): Promise<void> {
    const folder = parentPath(path);
    const found = this.#found.get(folder) ?? this.#require(folder);
    this.#found.set(folder, found);
    return found;
  }

  async #require(folder: RemotePath): Promise<void> {
    const { type } = await this.#store.stat(folder);
    if (type !== 'directory') throw new StoreError('conflict', 'A file is no folder of a vault');
  }
}

async function requireVisible(path: RemotePath, memberships: Memberships): Promise<void> {
  const place = placeInVault(path);
  if (!place) return;
  await memberships.of(place);
  if (!place.location) throw new StoreError('not-found', 'No vault has anything there');
}
