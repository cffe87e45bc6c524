import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file for what is too much for the memory, which nobody else can read. It is never left behind. */
export class ScratchFile {
  /** To append to, and to read from. */
  readonly handle: FileHandle;
  readonly #folder: string;

  private constructor(handle: FileHandle, folder: string) {
    this.handle = handle;
    this.#folder = folder;
  }

  /**
   * @returns an empty file, which the caller closes
   * @throws the system's error
   */
  static async create(): Promise<ScratchFile> {
    const folder = await mkdtemp(join(tmpdir(), 'e2eeftp-scratch-'));
    try {
      const scratch = new ScratchFile(await open(join(folder, 'scratch'), 'ax+', 0o600), folder);
      // Where a file in use may lose its name (not on Windows), not even a crash leaves it behind.
      await remove(folder).catch(() => undefined);
      return scratch;
    } catch (error) {
      await remove(folder);
      throw error;
    }
  }

  /** Forgets everything. */
  async close(): Promise<void> {
    await this.handle.close();
    await remove(this.#folder);
  }
}

function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}
