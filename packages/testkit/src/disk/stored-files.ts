import { randomBytes } from 'node:crypto';
import {
  cp,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';

/** A file or folder as it was at some moment. */
export interface KeptState {
  /** Puts it back as it was, in the place of whatever is there by now. */
  replay(): Promise<void>;
  /**
   * Puts it somewhere else.
   *
   * @param path - where to, in the place of whatever is there
   */
  replayAt(path: string): Promise<void>;
}

/**
 * The files below a folder, in the hands of somebody who does with them what he likes, such as the
 * operator of a server or whoever has stolen its disk. Paths are relative to the folder, with `/`
 * between their parts. Nothing is asked, and nothing is checked: the program that keeps its files
 * there goes on meanwhile, and finds what was done.
 */
export class StoredFiles {
  /** The folder. */
  readonly folder: string;
  #copies: string | undefined;

  /** @param folder - the folder, which its maker removes */
  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * @param path - a file or folder
   * @returns its name on this machine
   */
  locate(path: string): string {
    return join(this.folder, ...path.split('/'));
  }

  /**
   * @param path - a folder; by default all of them
   * @returns the paths of all files in it, and in the folders below, in no order to rely on
   */
  async files(path = ''): Promise<string[]> {
    const root = this.locate(path);
    const found = await readdir(root, { withFileTypes: true, recursive: true });
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.folder, join(entry.parentPath, entry.name)))
      .map((name) => name.split(sep).join('/'));
  }

  /**
   * @param path - a folder
   * @returns the names in it
   */
  names(path: string): Promise<string[]> {
    return readdir(this.locate(path));
  }

  /**
   * @param path - a file
   * @returns its bytes
   */
  read(path: string): Promise<Buffer> {
    return readFile(this.locate(path));
  }

  /**
   * @param path - a file, which need not be there
   * @param bytes - what it is to have
   */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await writeFile(this.locate(path), bytes);
  }

  /**
   * Alters a file's bytes. Its time stays, so that nothing tells of it but the bytes.
   *
   * @param path - the file
   * @param change - gives what it is to have instead
   */
  async alter(path: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
    const { atimeMs, mtimeMs } = await stat(this.locate(path));
    await this.write(path, change(await this.read(path)));
    await utimes(this.locate(path), atimeMs / 1000, mtimeMs / 1000);
  }

  /**
   * Makes one thing take the name of another one, and the other way round.
   *
   * @param one - a file or folder
   * @param other - a file or folder, which is not in the first, nor has it in it
   */
  async swap(one: string, other: string): Promise<void> {
    const aside = join(this.folder, `.aside-${randomBytes(6).toString('hex')}`);
    await rename(this.locate(one), aside);
    await rename(this.locate(other), this.locate(one));
    await rename(aside, this.locate(other));
  }

  /**
   * @param from - a file or folder
   * @param to - where it is to be instead; what is there is removed
   */
  async move(from: string, to: string): Promise<void> {
    await this.remove(to);
    await rename(this.locate(from), this.locate(to));
  }

  /**
   * @param from - a file or folder
   * @param to - where another one like it is to be; what is there is removed
   */
  async copy(from: string, to: string): Promise<void> {
    await copyTo(this.locate(from), this.locate(to));
  }

  /** @param path - a file or folder, with all that is in it; it need not be there */
  async remove(path: string): Promise<void> {
    await rm(this.locate(path), { recursive: true, force: true });
  }

  /**
   * Keeps a copy of what is there now, for later.
   *
   * @param path - a file or folder
   * @returns the copy, which is gone when {@link StoredFiles.close} was called
   */
  async keep(path: string): Promise<KeptState> {
    this.#copies ??= await mkdtemp(join(tmpdir(), 'e2eeftp-kept-'));
    const copy = join(this.#copies, randomBytes(6).toString('hex'));
    await copyTo(this.locate(path), copy);
    const replayAt = (place: string): Promise<void> => copyTo(copy, this.locate(place));
    return { replay: () => replayAt(path), replayAt };
  }

  /**
   * Looks for bytes in everything: in each file, and in the name of each file and folder.
   *
   * @param wanted - what to look for, by names that say what it is
   * @returns what was found, and where; nothing for what is nowhere
   */
  async search(wanted: ReadonlyMap<string, Buffer>): Promise<Finding[]> {
    const findings: Finding[] = [];
    const entries = await readdir(this.folder, { withFileTypes: true, recursive: true });
    for (const entry of entries) {
      const name = join(entry.parentPath, entry.name);
      const where = relative(this.folder, name);
      const content = entry.isFile() ? await readFile(name) : Buffer.alloc(0);
      for (const what of found(wanted, Buffer.from(entry.name))) {
        findings.push({ what, where: `the name of ${where}` });
      }
      for (const what of found(wanted, content)) findings.push({ what, where });
    }
    return findings;
  }

  /** Forgets what was kept. The folder stays. */
  async close(): Promise<void> {
    if (this.#copies !== undefined) await rm(this.#copies, { recursive: true, force: true });
    this.#copies = undefined;
  }
}

/** Something that was looked for, and is there. */
export interface Finding {
  /** What it is. */
  readonly what: string;
  /** The file that has it, or whose name does. */
  readonly where: string;
}

/**
 * @param wanted - what to look for, by names that say what it is
 * @param bytes - where to look
 * @returns the names of what is there
 */
export function found(wanted: ReadonlyMap<string, Buffer>, bytes: Buffer): string[] {
  return [...wanted].filter(([, one]) => bytes.includes(one)).map(([what]) => what);
}

async function copyTo(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true, preserveTimestamps: true, errorOnExist: true });
}
