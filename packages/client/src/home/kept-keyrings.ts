import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { equalBytes } from '@e2eeftp/crypto';

import { asClientError, ClientError } from '../errors.js';
import { isSystemError } from '../system-error.js';

/** Bytes of a keyring that is read: what is larger was not put here by us. */
const maximumSize = 8 * 1024 * 1024;

/** A vault, as one server has it: the same id can stand for different ones on different servers. */
export interface VaultOnServer {
  /** The server's identity, 32 bytes. */
  readonly server: Uint8Array;
  /** The vault's id, as it stands in paths. */
  readonly vault: string;
}

/**
 * The keyrings of vaults that were accepted, each from the first one to the last: what a later one is
 * measured by. They are only ever added, so that of two programs which accept keyrings at the same
 * time none can take what the other knows for less.
 */
export class KeptKeyrings {
  readonly #path: string;

  /** @param path - the folder that they are in; it need not exist */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param of - a vault
   * @returns its keyrings in their order, from sequence 1; none when it was never opened here
   * @throws ClientError `local-file` when one is missing among them, or cannot be read: they can be
   *   older than what was accepted then, and a server could make use of that
   */
  async read(of: VaultOnServer): Promise<Uint8Array[]> {
    const keyrings: Uint8Array[] = [];
    const newest = await this.newest(of);
    for (let sequence = 1; sequence <= newest; sequence++) {
      keyrings.push(await this.readOne(of, sequence));
    }
    return keyrings;
  }

  /**
   * @param of - a vault
   * @returns the number of the keyring that was accepted last; 0 when none was
   * @throws ClientError `local-file` when one before it is missing
   */
  async newest(of: VaultOnServer): Promise<number> {
    const folder = this.#folderOf(of);
    try {
      const names = await readdir(folder).catch(rethrowUnlessMissing);
      const kept = new Set(names.map(sequenceOf).filter((sequence) => sequence !== undefined));
      for (let sequence = 1; sequence <= kept.size; sequence++) {
        if (!kept.has(sequence)) damaged(join(folder, String(sequence)));
      }
      return kept.size;
    } catch (error) {
      throw asClientError(error);
    }
  }

  /**
   * @param of - a vault
   * @param sequence - the number of a keyring that was kept
   * @returns the keyring
   * @throws ClientError `local-file` when it is missing or cannot be read
   */
  async readOne(of: VaultOnServer, sequence: number): Promise<Uint8Array> {
    const path = join(this.#folderOf(of), String(sequence));
    try {
      const { size } = await stat(path).catch((cause: unknown) => damaged(path, cause));
      if (size > maximumSize) damaged(path);
      return await readFile(path);
    } catch (error) {
      throw asClientError(error);
    }
  }

  /**
   * Keeps a keyring that was accepted. One that is kept already stays.
   *
   * @param of - the vault
   * @param sequence - the keyring's, from 1
   * @param keyring - all of it
   * @throws ClientError `integrity` when another one was accepted with this sequence: somebody shows
   *   different keyrings at different times; `local-file`
   */
  async keep(of: VaultOnServer, sequence: number, keyring: Uint8Array): Promise<void> {
    const folder = this.#folderOf(of);
    const path = join(folder, String(sequence));
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      if (await addFile(folder, path, keyring)) return;
      if (equalBytes(await readFile(path), keyring)) return;
    } catch (error) {
      throw asClientError(error);
    }
    throw new ClientError(
      'integrity',
      `The server shows another keyring ${sequence} of the vault ${of.vault} than before; ` +
        `do not use the vault until its owners have explained why (${path} has the earlier one)`,
    );
  }

  /**
   * Forgets a vault: whoever opens it again has to be sure of its first owner again.
   *
   * @param of - the vault
   * @throws ClientError `local-file`
   */
  async forget(of: VaultOnServer): Promise<void> {
    try {
      await rm(this.#folderOf(of), { recursive: true, force: true });
    } catch (error) {
      throw asClientError(error);
    }
  }

  #folderOf({ server, vault }: VaultOnServer): string {
    // It comes from a server before it was checked, maybe.
    if (!/^[a-z2-7]{1,64}$/u.test(vault)) {
      throw new ClientError('bad-name', 'The id of a vault consists of small letters and digits');
    }
    return join(this.#path, Buffer.from(server).toString('hex'), vault);
  }
}

/**
 * Makes a file that is whole and durable from the first moment, unless there is one.
 *
 * @returns whether it was made
 */
async function addFile(folder: string, path: string, bytes: Uint8Array): Promise<boolean> {
  const part = join(folder, `.${randomBytes(8).toString('hex')}.part`);
  try {
    const file = await open(part, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(part, path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await unlink(part).catch(() => undefined);
  }
}

function sequenceOf(name: string): number | undefined {
  return /^[1-9]\d{0,8}$/u.test(name) ? Number(name) : undefined;
}

function rethrowUnlessMissing(error: unknown): string[] {
  if (isSystemError(error, 'ENOENT')) return [];
  throw error;
}

function damaged(path: string, cause?: unknown): never {
  throw new ClientError(
    'local-file',
    `${path} is missing or no keyring; restore its folder from a backup, or remove the folder ` +
      'and compare the fingerprint of the vault’s first owner once more',
    { cause },
  );
}
