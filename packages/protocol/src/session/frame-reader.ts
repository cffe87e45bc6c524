import type { OpenedRecord, RecordOpener } from '@e2eeftp/crypto';

import { ProtocolError } from '../errors.js';
import { parseBodyEnd, parseClose, type BodyEnd, type Close } from '../messages/messages.js';

/** A part of a body. */
export interface DataFrame {
  readonly type: 'data';
  /** The bytes, in a buffer of their own that the receiver may keep. */
  readonly bytes: Uint8Array;
}

/** What one direction of an established connection consists of. */
export type Frame =
  | { readonly type: 'message'; readonly plaintext: Uint8Array }
  | DataFrame
  | { readonly type: 'end'; readonly end: BodyEnd }
  | { readonly type: 'close'; readonly close: Close };

/**
 * Turns one direction's bytes into frames, and holds the peer to their order: data and an end
 * only behind a message that announced a body, nothing else in between, nothing behind a close.
 */
export class FrameReader {
  readonly #opener: RecordOpener;
  #position: 'between messages' | 'in a body' | 'closed' = 'between messages';

  /** @param opener - what opens the peer's records */
  constructor(opener: RecordOpener) {
    this.#opener = opener;
  }

  /** Whether the peer has said its last word. */
  get isClosed(): boolean {
    return this.#position === 'closed';
  }

  /** Tells the reader, before the next frame is taken, that the message just given has a body. */
  expectBody(): void {
    this.#position = 'in a body';
  }

  /**
   * @param chunk - the next bytes of the stream
   * @throws ProtocolError `malformed`; CryptoError as the record layer says
   */
  *receive(chunk: Uint8Array): Generator<Frame, void, void> {
    if (this.isClosed && chunk.length > 0) throw outOfPlace();
    for (const record of this.#opener.receive(chunk)) {
      if (this.isClosed) throw outOfPlace();
      yield this.#frame(record);
    }
    if (this.isClosed && !this.#opener.isAtBoundary) throw outOfPlace();
  }

  /**
   * Says that the stream has ended.
   *
   * @throws ProtocolError `truncated` unless the peer closed: whoever cuts the connection could
   *   otherwise make a part look like the whole
   */
  finish(): void {
    if (!this.isClosed) {
      throw new ProtocolError('truncated', 'The connection ended before the peer closed it');
    }
  }

  #frame(record: OpenedRecord): Frame {
    switch (record.type) {
      case 'message':
        this.#expect('between messages');
        return { type: 'message', plaintext: record.plaintext };
      case 'data':
        this.#expect('in a body');
        return { type: 'data', bytes: record.plaintext };
      case 'end': {
        this.#expect('in a body');
        const end = parseBodyEnd(record.plaintext);
        this.#position = 'between messages';
        return { type: 'end', end };
      }
      case 'close': {
        const close = parseClose(record.plaintext);
        this.#position = 'closed';
        return { type: 'close', close };
      }
    }
  }

  #expect(position: 'between messages' | 'in a body'): void {
    if (this.#position !== position) throw outOfPlace();
  }
}

function outOfPlace(): ProtocolError {
  return new ProtocolError('malformed', 'The peer sent a record that is out of place');
}
