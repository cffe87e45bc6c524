import { constants, type BigIntStats } from 'node:fs';

/** What a file system says of a file, as far as it is asked for: a part of Node's `BigIntStats`. */
export type FileStats = Pick<
  BigIntStats,
  'dev' | 'ino' | 'mode' | 'size' | 'mtimeNs' | 'ctimeNs' | 'isFile' | 'isDirectory'
>;

const columns = 6;
const typeBits = BigInt(constants.S_IFMT);

/**
 * What a file system says of several files, on its way between threads: there, an object for each
 * would cost as much as to ask for it.
 */
export class StatsTable {
  /** Six numbers for each file; zeros for one of which nothing is known. */
  readonly numbers: BigInt64Array<ArrayBuffer>;

  /** @param numbers - how many files, or what another thread has filled in */
  constructor(numbers: number | BigInt64Array<ArrayBuffer>) {
    this.numbers = typeof numbers === 'number' ? new BigInt64Array(columns * numbers) : numbers;
  }

  /**
   * @param row - which file
   * @param stats - what the file system says of it
   */
  set(row: number, { dev, ino, mode, size, mtimeNs, ctimeNs }: FileStats): void {
    const at = columns * row;
    this.numbers[at] = dev;
    this.numbers[at + 1] = ino;
    this.numbers[at + 2] = mode;
    this.numbers[at + 3] = size;
    this.numbers[at + 4] = mtimeNs;
    this.numbers[at + 5] = ctimeNs;
  }

  /**
   * @param row - which file
   * @returns what the file system said of it
   */
  get(row: number): FileStats {
    return new StatsRow(this.numbers, columns * row);
  }
}

class StatsRow implements FileStats {
  readonly #numbers: BigInt64Array;
  readonly #at: number;

  constructor(numbers: BigInt64Array, at: number) {
    this.#numbers = numbers;
    this.#at = at;
  }

  get dev(): bigint {
    return this.#number(0);
  }

  get ino(): bigint {
    return this.#number(1);
  }

  get mode(): bigint {
    return this.#number(2);
  }

  get size(): bigint {
    return this.#number(3);
  }

  get mtimeNs(): bigint {
    return this.#number(4);
  }

  get ctimeNs(): bigint {
    return this.#number(5);
  }

  isFile(): boolean {
    return (this.mode & typeBits) === BigInt(constants.S_IFREG);
  }

  isDirectory(): boolean {
    return (this.mode & typeBits) === BigInt(constants.S_IFDIR);
  }

  #number(column: number): bigint {
    return this.#numbers[this.#at + column] ?? 0n;
  }
}
