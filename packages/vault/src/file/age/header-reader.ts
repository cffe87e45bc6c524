import { base64nopad } from '@scure/base';

import { VaultError } from '../../errors.js';
import { bodyLine, versionLine, type AgeHeader, type AgeStanza } from './header.js';

const newline = 0x0a;
const firstPrintable = 0x20;
const lastPrintable = 0x7e;
const macLength = 32;
const macMark = '---';
/** Whatever gets here is printable ASCII, so UTF-8 means the same. */
const ascii = new TextDecoder();

interface StanzaUnderWay {
  readonly args: readonly string[];
  readonly lines: Uint8Array[];
}

/**
 * Reads the header of an age v1 file from pieces, however these were cut, and refuses whatever the
 * grammar does not allow as soon as its line is complete (age-encryption.org/v1, header).
 *
 * It knows no kind of stanza and verifies no MAC.
 */
export class AgeHeaderReader {
  readonly #bytes: Uint8Array;
  #filled = 0;
  #lineStart = 0;
  readonly #stanzas: AgeStanza[] = [];
  /** The stanza whose body is being read. */
  #open: StanzaUnderWay | undefined;
  #header: AgeHeader | undefined;

  /**
   * @param limit - the longest header to read, in bytes: a file that never leaves its header would
   *   otherwise fill the memory
   */
  constructor(limit: number) {
    this.#bytes = new Uint8Array(limit);
  }

  /** The header, once all of it has come. */
  get header(): AgeHeader | undefined {
    return this.#header;
  }

  /**
   * @param bytes - the file's next bytes; not kept
   * @returns how many of them belong to the header; when fewer than came, it is complete
   * @throws VaultError `malformed`
   */
  receive(bytes: Uint8Array): number {
    let used = 0;
    for (const byte of bytes) {
      if (this.#header) break;
      this.#take(byte);
      used++;
    }
    return used;
  }

  #take(byte: number): void {
    if (this.#filled === this.#bytes.length) {
      throw malformed(`its header is longer than ${this.#bytes.length} bytes`);
    }
    const isText = byte >= firstPrintable && byte <= lastPrintable;
    if (!isText && byte !== newline) throw malformed('its header holds a byte that is no text');
    this.#bytes[this.#filled++] = byte;
    if (byte !== newline) return;
    const line = this.#bytes.subarray(this.#lineStart, this.#filled - 1);
    this.#takeLine(ascii.decode(line));
    this.#lineStart = this.#filled;
  }

  #takeLine(line: string): void {
    if (this.#lineStart === 0) {
      if (line !== versionLine) throw malformed('it does not begin as an age v1 file does');
    } else if (this.#open) {
      this.#takeBodyLine(this.#open, line);
    } else if (line.startsWith('-> ')) {
      const args = line.slice(3).split(' ');
      if (args.includes('')) throw malformed('a stanza has an empty argument');
      this.#open = { args, lines: [] };
    } else if (line.startsWith(`${macMark} `) && this.#stanzas.length > 0) {
      this.#end(line);
    } else {
      throw malformed('a line of its header is neither a stanza nor the MAC');
    }
  }

  #takeBodyLine(stanza: StanzaUnderWay, line: string): void {
    if (line.length > bodyLine.columns) throw malformed('a line of a stanza is too long');
    stanza.lines.push(decodeBase64(line));
    if (line.length === bodyLine.columns) return;
    this.#stanzas.push({ args: stanza.args, body: joinLines(stanza.lines) });
    this.#open = undefined;
  }

  #end(line: string): void {
    const mac = decodeBase64(line.slice(macMark.length + 1));
    if (mac.length !== macLength) throw malformed('its MAC has the wrong length');
    this.#header = {
      stanzas: this.#stanzas,
      mac,
      authenticated: this.#bytes.subarray(0, this.#lineStart + macMark.length),
      length: this.#filled,
    };
  }
}

function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  const body = new Uint8Array((lines.length - 1) * bodyLine.bytes + (lines.at(-1)?.length ?? 0));
  for (const [index, line] of lines.entries()) body.set(line, index * bodyLine.bytes);
  return body;
}

/** Two spellings of one value would be two files with one meaning; only the canonical one passes. */
function decodeBase64(text: string): Uint8Array {
  try {
    return base64nopad.decode(text);
  } catch (cause) {
    throw malformed('its header holds base64 that is not canonical', cause);
  }
}

function malformed(problem: string, cause?: unknown): VaultError {
  return new VaultError(
    'malformed',
    `This is no vault file, or it was damaged where it is stored: ${problem}. Fetch it again, or send the original again`,
    cause === undefined ? undefined : { cause },
  );
}
