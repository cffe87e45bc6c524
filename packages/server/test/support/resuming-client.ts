import { createHash, randomBytes } from 'node:crypto';

import type { Identity } from '@e2eeftp/crypto';
import type { CborMap } from '@e2eeftp/protocol';
import { expect } from '@jest/globals';

import type { Fixture } from './fixture.js';
import { Peer, type Answer } from './peer.js';

/** The file that is sent. */
export const content = Buffer.from(
  Array.from({ length: 4_000_000 }, (_, index) => (index * 7 + (index >> 9)) % 253),
);

/** Where it goes. */
export const path = 'received/deep/f';

/** What RESUME answers. */
export interface ResumeResult {
  readonly offset: number;
  readonly sha256?: Uint8Array;
  readonly done?: {
    readonly size: number;
    readonly mtime: number;
    readonly etag: string;
    readonly mode?: number;
  };
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** A client with an upload, and as many connections as it likes. */
export class ResumingClient {
  readonly identity: Identity;
  /** What it calls its upload. */
  readonly upload: Uint8Array;
  readonly #fixture: Pick<Fixture, 'open'>;

  constructor(
    fixture: Pick<Fixture, 'open'>,
    identity: Identity,
    upload: Uint8Array = randomBytes(16),
  ) {
    this.#fixture = fixture;
    this.identity = identity;
    this.upload = upload;
  }

  /** The same client with another upload. */
  withNewUpload(): ResumingClient {
    return new ResumingClient(this.#fixture, this.identity);
  }

  /** One more connection. */
  async connect(): Promise<Peer> {
    return Peer.connect(await this.#fixture.open(), this.identity);
  }

  /** Asks for the file to be stored; the body follows. */
  async begin(on: Peer, args: CborMap = {}): Promise<void> {
    await on.request('SEND', { path, upload: this.upload, ...args }, true);
  }

  async sendData(on: Peer, bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += 300_000) {
      await on.data(bytes.subarray(start, start + 300_000));
    }
  }

  /** Sends the beginning of the file and breaks off. */
  async sendAndBreakOff(on: Peer, bytes: Uint8Array, args: CborMap = {}): Promise<void> {
    await this.begin(on, args);
    await this.sendData(on, bytes);
    await on.end({ ok: false, text: 'The disk failed' });
    expect(await on.answer()).toMatchObject({ status: 400 });
  }

  /** Begins, and hears that it may not. */
  async expectRefusal(on: Peer, args: CborMap, status: number): Promise<void> {
    await this.begin(on, args);
    expect(await on.answer()).toMatchObject({ status });
    await on.end({ ok: false, text: '' });
  }

  async resumePoint(on: Peer, args: CborMap = {}): Promise<ResumeResult> {
    const { status, result } = await on.call('RESUME', { upload: this.upload, ...args });
    expect(status).toBe(200);
    return result as unknown as ResumeResult;
  }

  /** Asks until the first request, which may be on its way yet, has begun the upload. */
  async untilFound(on: Peer): Promise<ResumeResult> {
    for (;;) {
      const { status, result } = await on.call('RESUME', { upload: this.upload });
      if (status === 200) return result as unknown as ResumeResult;
      expect(status).toBe(404);
    }
  }

  /** Goes on with the upload where it is, to its end, and expects the file. */
  async finish(on: Peer, args: CborMap = {}): Promise<Answer> {
    const { offset, sha256: digest } = await this.resumePoint(on, { digest: true });
    expect(sha256(content.subarray(0, offset)).equals(digest ?? Buffer.alloc(0))).toBe(true);
    await this.begin(on, { offset, ...args });
    await this.sendData(on, content.subarray(offset));
    await on.end({ ok: true, size: content.length - offset, sha256: sha256(content) });
    const answer = await on.answer();
    expect(answer).toMatchObject({ status: 226, result: { size: content.length } });
    const { sha256: told } = answer.result as { sha256: Uint8Array };
    expect(sha256(content).equals(told)).toBe(true);
    expect(await on.get(path)).toBe(content.toString());
    return answer;
  }
}

/** Nothing of an upload shows while it is not finished. */
export async function expectEmptyTree(on: Peer): Promise<void> {
  const { result } = await on.call('LIST', { path: '', recursive: true });
  const { entries } = result as { entries: { path: string }[] };
  expect(entries.map((entry) => entry.path)).toEqual(['received', 'vaults']);
}
