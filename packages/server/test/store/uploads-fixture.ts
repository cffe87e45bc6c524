import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { keyOf, patternBytes, StoreProbe, write } from '../../src/store/conformance/context.js';
import type { FileStoreOptions } from '../../src/store/file-store-options.js';
import { FileStore } from '../../src/store/file-store.js';
import type { UploadKey } from '../../src/store/store.js';

/** What tests upload. */
export const content = patternBytes(300_000);

/** Leaves an upload behind, with all its bytes. */
export async function leaveUpload(probe: StoreProbe, key = keyOf(1)): Promise<void> {
  await (await write(probe.resume('received/f', key), content)).suspend();
}

/** Where the files of an upload are, as the store lays them out. */
export interface UploadFiles {
  readonly folder: string;
  readonly journal: string;
  readonly part: string;
}

export function filesOf(data: string, { owner, id }: UploadKey): UploadFiles {
  const [folderName, stem] = [owner, id].map((bytes) => Buffer.from(bytes).toString('hex'));
  const folder = join(data, '.e2eeftp/resumable', folderName ?? '');
  return { folder, journal: join(folder, `${stem}.json`), part: join(folder, `${stem}.part`) };
}

/** Everything that is kept of uploads, as paths below their folder. */
export async function keptFiles(data: string): Promise<string[]> {
  const names = await readdir(join(data, '.e2eeftp/resumable'), { recursive: true });
  return names.sort();
}

/** Does work with a store on a data directory that may have been used before. */
export async function withStoreAt<Result>(
  directory: string,
  work: (probe: StoreProbe) => Promise<Result>,
  options: Omit<FileStoreOptions, 'directory'> = {},
): Promise<Result> {
  const store = await FileStore.open({ directory, ...options });
  try {
    return await work(new StoreProbe(store));
  } finally {
    await store.close();
  }
}

/** Waits until something holds, for twenty seconds at most. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come to pass in time');
    await delay(20);
  }
}
