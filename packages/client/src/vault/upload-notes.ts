import { concatBytes } from '@e2eeftp/crypto';

/** Where it is noted what was sealed of an upload, so that the upload can go on. */
export interface UploadNotes {
  /** @returns what was noted; nothing when nothing was, or it is lost */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Notes something instead of all that was noted before.
   *
   * @param notes - it
   */
  replace(notes: Uint8Array): Promise<void>;
  /**
   * Notes something more. Once this has returned, the process may end.
   *
   * @param notes - it
   */
  append(notes: Uint8Array): Promise<void>;
}

/** Bytes that are held: those of a file of a hundred gigabytes. */
const longest = 64 * 1024 * 1024;

/** Notes of an upload that no later run goes on with. */
export class NotesInMemory implements UploadNotes {
  #notes: Uint8Array[] | undefined;
  #size = 0;

  read(): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#notes && concatBytes(...this.#notes));
  }

  replace(notes: Uint8Array): Promise<void> {
    this.#notes = [notes];
    this.#size = notes.length;
    return Promise.resolve();
  }

  /** Of what is longer than can be held, nothing is known any more. */
  append(notes: Uint8Array): Promise<void> {
    this.#notes?.push(notes);
    this.#size += notes.length;
    if (this.#size > longest) this.#notes = undefined;
    return Promise.resolve();
  }
}
