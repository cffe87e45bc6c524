/** Something that a folder has, here or on the server. */
export interface Name {
  readonly name: string;
  readonly isFolder: boolean;
  /** Whether it says in which vault names are, and ends in a colon: more has to follow. */
  readonly isPrefix?: boolean;
}

/** Folders whose content can be named: local ones, or those of the server. */
export interface Names {
  /**
   * @param folder - the folder, as it is typed: empty, or with what separates it from a name
   * @param signal - ends the wait
   * @returns what is in it; it ends early rather than to take long
   */
  in(folder: string, signal: AbortSignal): AsyncIterable<Name>;
}
