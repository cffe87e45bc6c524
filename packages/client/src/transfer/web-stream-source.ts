import { bytesOnly, unsized } from './flowing-bytes.js';
import type { OpenSource } from './open-source.js';

/** A web stream. Its own iterator would leave it open while it is waited for. */
export class WebStreamSource implements OpenSource {
  readonly size = unsized.size;
  readonly mtime = unsized.mtime;
  readonly isRepeatable = unsized.isRepeatable;
  readonly #reader: ReadableStreamDefaultReader<unknown>;

  /** @param stream - the stream, which nobody else reads */
  constructor(stream: ReadableStream<unknown>) {
    this.#reader = stream.getReader();
  }

  read(): AsyncIterable<Uint8Array> {
    return bytesOnly(this.#chunks());
  }

  close(): Promise<void> {
    // It may take its time, or for ever; nobody waits for that.
    this.#reader.cancel().catch(() => undefined);
    return Promise.resolve();
  }

  async *#chunks(): AsyncGenerator<unknown, void, void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      await this.close();
    }
  }
}
