import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { fingerprint, type StoredUpload } from '@e2eeftp/server';

/** What a hook is told of an upload; the JSON object that it gets has the same fields. */
export interface UploadEvent {
  readonly event: 'upload';
  /** The same each time that the hook is told of this upload. */
  readonly id: string;
  /** When the file was stored, in the form of ISO 8601. */
  readonly time: string;
  /** Where the file is in the server's tree, such as `received/report.pdf`. */
  readonly path: string;
  /** The file on this machine's disk. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** The fingerprint of who sent it. */
  readonly client: string;
  /** What the operator calls who sent it. */
  readonly name: string | null;
}

/**
 * @param upload - a file that was stored
 * @param directory - the data directory, an absolute path
 * @returns what hooks are told of it
 */
export function uploadEvent({ path, size, client }: StoredUpload, directory: string): UploadEvent {
  return {
    event: 'upload',
    id: randomUUID(),
    time: new Date().toISOString(),
    path,
    file: join(directory, path),
    size,
    client: fingerprint(client.identity),
    name: client.name ?? null,
  };
}
