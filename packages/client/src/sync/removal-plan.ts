import * as z from 'zod';

import { ScratchFile } from '../tree/scratch-file.js';

const removalSchema = z.object({
  path: z.string(),
  type: z.enum(['file', 'directory']),
  size: z.number(),
  mtime: z.number(),
  /** Of a file on the server. */
  etag: z.string().optional(),
  isInTheWay: z.boolean(),
});

/** Something that is to be removed, as it was when that was decided. */
export type Removal = z.infer<typeof removalSchema>;

/** Lines that are written at once. */
const batchSize = 256;

/**
 * What is to be removed, decided as a whole before anything is: exactly this, and nothing that looks
 * superfluous only later. It lies in a temporary file, since there may be any number of them.
 */
export class RemovalPlan {
  #file: ScratchFile | undefined;
  #lines: string[] = [];
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** @param removal - one more, in the order of the tree */
  async add(removal: Removal): Promise<void> {
    this.#size += 1;
    this.#lines.push(asLine(removal));
    if (this.#lines.length >= batchSize) await this.#write();
  }

  /** @yields what was added, in the same order; nothing may be added afterwards */
  async *read(): AsyncGenerator<Removal, void, void> {
    await this.#write();
    const lines = this.#file?.lines() ?? [];
    for await (const line of lines) yield removalSchema.parse(JSON.parse(line));
  }

  /** Forgets everything. */
  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    if (this.#lines.length === 0) return;
    this.#file ??= await ScratchFile.create();
    await this.#file.append(this.#lines.join(''));
    this.#lines = [];
  }
}

/** Names may hold what newer versions of Node take for the end of a line, and JSON does not. */
function asLine(removal: Removal): string {
  const json = JSON.stringify(removal)
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  return `${json}\n`;
}
