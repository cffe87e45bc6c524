// A program that uses the package under the strictest settings. It is compiled, and never run.
import { openAsBlob } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';

import {
  ClientError,
  ClientHome,
  connect,
  getTree,
  Identity,
  sendTree,
  UntrustedServerError,
  V1Client,
  type Client,
  type ClientErrorCode,
  type ConnectOptions,
  type DownloadTarget,
  type Entry,
  type GetOptions,
  type OperationOptions,
  type Progress,
  type Retry,
  type SendOptions,
  type StoredFile,
  type TransferJournal,
  type UploadSource,
} from '@e2eeftp/client';

/** Every option can be left out, and be given as undefined, as programs do that pass theirs on. */
export function optionsOf(limit: number | undefined, signal?: AbortSignal): ConnectOptions {
  const journal: TransferJournal = new ClientHome().transfers;
  return {
    host: undefined,
    port: undefined,
    identity: Identity.generate(),
    server: (serverIdentity: Uint8Array) => {
      if (serverIdentity.length !== 32) throw new Error('Who is that?');
    },
    signal,
    connections: undefined,
    retries: limit,
    onRetry: ({ error, attempt, delay }: Retry) => {
      if (error.code === 'unreachable' && attempt > 3) throw new Error(`${delay}`);
    },
    rateLimit: limit,
    journal,
    timeouts: { progress: 1000 },
  };
}

export async function put(client: Client, signal?: AbortSignal): Promise<readonly StoredFile[]> {
  const bytes = new TextEncoder().encode('abc');
  async function* generated(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes);
  }
  const sources: readonly UploadSource[] = [
    '/etc/hostname',
    bytes,
    Buffer.from(bytes),
    new Blob([bytes]),
    await openAsBlob('/etc/hostname'),
    Readable.from([bytes]),
    Readable.toWeb(Readable.from([bytes])),
    new Blob([bytes]).stream(),
    generated(),
    [bytes, bytes],
    new Set([bytes]),
  ];
  const options: SendOptions = {
    signal,
    timeout: undefined,
    size: undefined,
    mtime: undefined,
    overwrite: { etag: 'e' },
    checksum: true,
    onProgress: ({ transferred, total }: Progress) => {
      if (transferred > (total ?? Infinity)) throw new Error('Too much');
    },
  };
  return Promise.all(sources.map((source) => client.put(source, 'received/a', options)));
}

export async function get(client: Client, options: OperationOptions): Promise<number> {
  const targets: readonly DownloadTarget[] = [
    '/tmp/a',
    new PassThrough(),
    new WritableStream<Uint8Array>(),
    new TransformStream<Uint8Array, Uint8Array>().writable,
  ];
  const more: GetOptions = { ...options, overwrite: 'never', offset: 1, length: undefined };
  let size = 0;
  for (const target of targets) size += (await client.get('received/a', target, more)).size;
  const content: Buffer = await client.getBytes('received/a', { ...options, maxSize: 10 });
  size += content.length;
  for await (const chunk of client.read('received/a', options)) size += chunk.length;
  for await (const entry of client.list('received', { ...options, recursive: true })) {
    size += sizeOf(entry);
  }
  return size;
}

function sizeOf(entry: Entry): number {
  return entry.type === 'file' ? entry.size : 0;
}

/** A closed set: a code that is not named here is an error of the compiler. */
export function adviceFor(code: ClientErrorCode): 'again' | 'ask' | 'fix' | 'give up' {
  switch (code) {
    case 'unreachable':
    case 'disconnected':
    case 'timed-out':
    case 'shutting-down':
    case 'too-many-requests':
      return 'again';
    case 'unknown-server':
    case 'changed-server':
    case 'not-authorized':
    case 'not-allowed':
    case 'no-space':
    case 'server-failed':
    case 'not-e2eeftp':
      return 'ask';
    case 'not-found':
    case 'conflict':
    case 'bad-request':
    case 'bad-name':
    case 'bad-range':
    case 'too-large':
    case 'too-many-removals':
    case 'local-file':
    case 'bad-identity':
    case 'bad-configuration':
      return 'fix';
    case 'integrity':
    case 'aborted':
    case 'closed':
      return 'give up';
  }
}

export function describeFailure(error: unknown): string {
  if (error instanceof UntrustedServerError) return `${error.serverIdentity.length} bytes`;
  if (error instanceof ClientError) return `${adviceFor(error.code)}: ${error.message}`;
  throw error;
}

export async function useAll(options: ConnectOptions): Promise<void> {
  const client = await connect(options);
  try {
    await client.remove('received/a', { recursive: undefined, timeout: 1000 });
    await client.rename('received/a', 'received/b', { overwrite: 'always' });
    const { used, quota } = await client.whoami();
    if ((used ?? 0) > (quota ?? Infinity)) throw new Error('Too much');
    const { failures } = await sendTree(client, '/tmp/a', 'received/a', { signal: undefined });
    for (const { error, remote } of failures) throw new Error(remote, { cause: error });
    await getTree(client, 'received/a', '/tmp/a', { preserveTime: true });
    await new V1Client(options).list({ timeout: 1000 });
  } finally {
    await client.close({ timeout: 1000 });
  }
}
