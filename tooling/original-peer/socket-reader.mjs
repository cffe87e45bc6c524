import { OriginalPeerError } from './error.mjs';

const lineEnd = 0x0a;

/**
 * Waits for something, but not for ever.
 *
 * @param {Promise} promise what to wait for
 * @param {number} timeout milliseconds
 * @param {string} what what it is, for the message
 */
export async function withDeadline(promise, timeout, what) {
  let timer;
  const late = new Promise((_, reject) => {
    const message = `Waited ${timeout} ms for ${what}`;
    timer = setTimeout(() => reject(new OriginalPeerError('timeout', message)), timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What a socket brings, in the pieces in which the protocol is read. Like the original, it keeps
 * everything in memory.
 */
export class SocketReader {
  #timeout;
  #chunks = [];
  #length = 0;
  #ended = false;
  #wake = () => undefined;

  /**
   * @param socket its bytes belong to this reader from now on
   * @param {number} timeout how long each wait may take, in milliseconds
   */
  constructor(socket, timeout) {
    this.#timeout = timeout;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    // A peer that resets the connection has ended it too, and what came before counts.
    for (const event of ['end', 'error', 'close']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** The next bytes, as many as asked for. */
  async take(count) {
    await this.#until(() => this.#length >= count, `${count} bytes`);
    if (this.#length < count) {
      const message = `The peer closed after ${this.#length} of ${count} bytes`;
      throw new OriginalPeerError('closed', message);
    }
    return this.#takeNow(count);
  }

  /** The bytes of the next line, without its end. */
  async takeLine() {
    let end = -1;
    await this.#until(() => {
      end = this.#joined().indexOf(lineEnd);
      return end >= 0;
    }, 'the end of a line');
    if (end < 0) throw new OriginalPeerError('closed', 'The peer closed within a line');
    return this.#takeNow(end + 1).subarray(0, end);
  }

  /** Everything until the peer closes. */
  async takeAll() {
    await this.#until(() => false, 'the end of the connection');
    return this.#takeNow(this.#length);
  }

  async #until(isThere, what) {
    const arrived = new Promise((resolve) => {
      this.#wake = () => {
        if (isThere() || this.#ended) resolve();
      };
      this.#wake();
    });
    try {
      await withDeadline(arrived, this.#timeout, what);
    } finally {
      this.#wake = () => undefined;
    }
  }

  #joined() {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  #takeNow(count) {
    const bytes = this.#joined();
    this.#chunks = [bytes.subarray(count)];
    this.#length -= count;
    return bytes.subarray(0, count);
  }
}
