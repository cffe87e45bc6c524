import { PathLocks, type PathLocking } from './path-locks.js';
import { LocalUsage, type Measure } from './usage/local-usage.js';
import type { Usage } from './usage/usage.js';
import { Leases, type Lease } from './uploads/leases.js';

/** Lets at most one at a time write an upload, and the newest win. */
export interface Leasing {
  /**
   * @param name - the upload
   * @param onRevoke - told once that somebody else wants it
   * @returns the lease, once the holder before has released it
   */
  acquire(name: string, onRevoke: () => void): Promise<Lease>;
  /**
   * @param name - an upload
   * @returns whether somebody holds it, as far as this process knows
   */
  isHeld(name: string): boolean;
}

/** Holds folders to a number of entries. */
export interface FolderRoom {
  /**
   * Takes the room for further entries of a folder, until it is settled what became of them.
   *
   * @param folder - its path in the tree
   * @param entries - how many
   * @returns whether there is room for all of them
   */
  reserve(folder: string, entries: number): Promise<boolean>;
  /**
   * @param folder - where room was taken
   * @param entries - for how many
   * @param added - how many of them are there now
   */
  settle(folder: string, entries: number, added: number): void;
  /** @param folder - has an entry less */
  removed(folder: string): void;
  /** @param folder - is gone from its path, with all that was in it */
  forget(folder: string): void;
}

/** What all that use one directory have to agree upon, in whichever process they are. */
export interface StoreCoordination {
  readonly locks: PathLocking;
  readonly leases: Leasing;
  readonly room: FolderRoom;
  readonly usage: Usage;
}

/**
 * @param room - of the folders
 * @param measure - looks at what is in the directory
 * @returns what a process needs that uses a directory alone
 */
export function localCoordination(room: FolderRoom, measure: Measure): StoreCoordination {
  return {
    locks: new PathLocks(),
    leases: new Leases(),
    room,
    usage: new LocalUsage(measure),
  };
}
