import { readName, type NameRun, type NumberedName } from './name-run.js';
import { ScratchFile } from './scratch-file.js';

/** Bytes that are read of a run at once: more than any one name takes. */
const chunkSize = 2 ** 17;

/** Names in a file, as runs that are each in order; together they are read in order, too. */
export class SpilledNames {
  readonly #scratch: ScratchFile;
  readonly #runs: SpilledRun[] = [];
  #size = 0;
  #hasBegun = false;

  private constructor(scratch: ScratchFile) {
    this.#scratch = scratch;
  }

  /**
   * @returns none yet, to be closed
   * @throws ClientError `local-file`
   */
  static async create(): Promise<SpilledNames> {
    return new SpilledNames(await ScratchFile.create());
  }

  /** @param run - names in their order, which are not needed any more afterwards */
  async add(run: NameRun): Promise<void> {
    const bytes = run.toBytes();
    await this.#scratch.append(bytes);
    const start = this.#size;
    this.#size += bytes.length;
    this.#runs.push(new SpilledRun(this.#scratch, start, this.#size));
  }

  /**
   * @param count - how many
   * @returns the next names in their order; fewer at the end. No run can be added any more
   */
  async take(count: number): Promise<NumberedName[]> {
    if (!this.#hasBegun) await this.#begin();
    const taken: NumberedName[] = [];
    while (taken.length < count) {
      // The run whose next name is the least one comes last.
      const run = this.#runs.pop();
      if (!run?.next) break;
      taken.push(run.next);
      // Not for each name: waiting takes longer than all the rest.
      if (!run.advance()) await run.fill();
      this.#insert(run);
    }
    return taken;
  }

  /** Forgets everything. */
  close(): Promise<void> {
    return this.#scratch.close();
  }

  async #begin(): Promise<void> {
    this.#hasBegun = true;
    for (const run of this.#runs.splice(0)) {
      await run.fill();
      this.#insert(run);
    }
  }

  /** Puts a run in its place among the others. */
  #insert(run: SpilledRun): void {
    const { next } = run;
    if (!next) return;
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#runs[middle]?.next;
      if (other && next.bytes.compare(other.bytes) < 0) low = middle + 1;
      else high = middle;
    }
    this.#runs.splice(low, 0, run);
  }
}

/** A part of the file. */
class SpilledRun {
  readonly #scratch: ScratchFile;
  readonly #end: number;
  #start: number;
  #bytes: Buffer = Buffer.alloc(0);
  /** Where in those bytes the name behind the next one begins. */
  #at = 0;
  #next: NumberedName | undefined;

  constructor(scratch: ScratchFile, start: number, end: number) {
    this.#scratch = scratch;
    this.#start = start;
    this.#end = end;
  }

  /** The first name that was not passed yet; nothing at the end. */
  get next(): NumberedName | undefined {
    return this.#next;
  }

  /** @returns whether the next name is known, or has to be read first */
  advance(): boolean {
    const read = readName(this.#bytes, this.#at);
    this.#next = read?.name;
    if (read) this.#at = read.end;
    return read !== undefined;
  }

  /** Reads what comes next. */
  async fill(): Promise<void> {
    this.#start += this.#at;
    // Another buffer each time: names of the one before may be in use still.
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, this.#end - this.#start));
    this.#bytes = await this.#scratch.read(buffer, this.#start);
    this.#at = 0;
    this.advance();
  }
}
