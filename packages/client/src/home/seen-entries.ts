import { join } from 'node:path';

import * as z from 'zod';

import { ClientError } from '../errors.js';
import type { VaultOnServer } from './kept-keyrings.js';
import { readSmallFile, replaceSmallFile } from './small-file.js';

const lineSchema = z.tuple([z.string().regex(/^[\w-]{16}$/u), z.string().min(1)]);

/**
 * What was in vaults when they were verified last, one file for each: a server that withholds an entry
 * can be told from a vault that never had it only by who remembers.
 */
export class SeenEntries {
  readonly #path: string;

  /** @param path - the folder that the files are in; it need not exist */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param of - a vault
   * @returns the paths of its files by the ids of their entries; nothing when it was never verified here
   * @throws ClientError `local-file`
   */
  async read(of: VaultOnServer): Promise<ReadonlyMap<string, string> | undefined> {
    const path = this.#fileOf(of);
    const lines = (await readSmallFile(path)).split('\n').filter((line) => line !== '');
    if (lines.shift() === undefined) return undefined;
    try {
      return new Map(lines.map((line) => lineSchema.parse(JSON.parse(line))));
    } catch (cause) {
      throw new ClientError(
        'local-file',
        `${path} is damaged; restore it from a backup, or remove it: then what is missing in the vault cannot be told the next time`,
        { cause },
      );
    }
  }

  /**
   * @param of - a vault
   * @param entries - the paths of its files by the ids of their entries
   * @throws ClientError `local-file`
   */
  async replace(of: VaultOnServer, entries: ReadonlyMap<string, string>): Promise<void> {
    const lines = Array.from(entries, (entry) => `${JSON.stringify(entry)}\n`);
    await replaceSmallFile(this.#fileOf(of), `["e2eeftp seen entries",1]\n${lines.join('')}`);
  }

  #fileOf({ server, vault }: VaultOnServer): string {
    return join(this.#path, Buffer.from(server).toString('hex'), `${vault}.jsonl`);
  }
}
