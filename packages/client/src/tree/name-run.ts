/** A name, and a small number that goes with it. */
export interface NumberedName {
  /** Its bytes, valid as long as nobody writes to them. */
  readonly bytes: Buffer;
  readonly number: number;
}

/** Bytes before each name: its number, and its length in two. */
const headerSize = 3;

/** Bytes that a run begins with; most folders are small. */
const firstSize = 8192;

/**
 * Names that are collected and then put into their order. As objects, a million of them would take
 * several hundred megabytes, and the engine's garbage as much again.
 */
export class NameRun {
  #bytes = Buffer.allocUnsafeSlow(firstSize);
  #taken = 0;
  /** Where each name begins. */
  #places = new Uint32Array(64);
  #length = 0;

  /** Bytes that they take. */
  get size(): number {
    return this.#taken;
  }

  /**
   * @param name - a name, each of its bytes as a character (Latin-1)
   * @param number - what goes with it, at most 255
   */
  add(name: string, number: number): void {
    this.#makeRoom(headerSize + name.length);
    this.#places[this.#length] = this.#taken;
    this.#length += 1;
    this.#taken = this.#bytes.writeUInt8(number, this.#taken);
    this.#taken = this.#bytes.writeUInt16BE(name.length, this.#taken);
    this.#taken += this.#bytes.write(name, this.#taken, 'latin1');
  }

  /** Orders the names by their bytes. */
  sort(): void {
    this.#places.subarray(0, this.#length).sort((a, b) => this.#compare(a, b));
  }

  /**
   * @param start - the first name
   * @param end - the one behind the last
   * @returns these names
   */
  slice(start: number, end: number): NumberedName[] {
    const places = this.#places.subarray(start, Math.min(end, this.#length));
    return Array.from(places, (place) => nameAt(this.#bytes, place));
  }

  /** @returns all names in their order, as {@link readName} takes them */
  toBytes(): Buffer {
    const all = Buffer.allocUnsafeSlow(this.#taken);
    let end = 0;
    for (const place of this.#places.subarray(0, this.#length)) {
      end += this.#bytes.copy(all, end, place, endAt(this.#bytes, place));
    }
    return all;
  }

  /** Forgets all names; those that were given out are not valid any more. */
  clear(): void {
    this.#taken = 0;
    this.#length = 0;
  }

  #makeRoom(size: number): void {
    if (this.#taken + size > this.#bytes.length) {
      const more = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#taken + size));
      this.#bytes.copy(more, 0, 0, this.#taken);
      this.#bytes = more;
    }
    if (this.#length === this.#places.length) {
      const more = new Uint32Array(this.#length * 2);
      more.set(this.#places);
      this.#places = more;
    }
  }

  /** Called some twenty times for each name: it makes no objects. */
  #compare(a: number, b: number): number {
    const bytes = this.#bytes;
    const [aStart, bStart] = [a + headerSize, b + headerSize];
    return bytes.compare(bytes, bStart, endAt(bytes, b), aStart, endAt(bytes, a));
  }
}

/**
 * @param bytes - a part of what {@link NameRun.toBytes} gave
 * @param start - where a name begins in it
 * @returns the name, and where the next one begins; nothing when it is not whole
 */
export function readName(
  bytes: Buffer,
  start: number,
): { readonly name: NumberedName; readonly end: number } | undefined {
  if (start + headerSize > bytes.length) return undefined;
  const end = endAt(bytes, start);
  return end > bytes.length ? undefined : { name: nameAt(bytes, start), end };
}

function nameAt(bytes: Buffer, place: number): NumberedName {
  const end = endAt(bytes, place);
  return { bytes: bytes.subarray(place + headerSize, end), number: bytes.readUInt8(place) };
}

/** Where the name ends that begins at a place. */
function endAt(bytes: Buffer, place: number): number {
  return place + headerSize + bytes.readUInt16BE(place + 1);
}
