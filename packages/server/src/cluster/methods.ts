import type { Socket } from 'node:net';

import type { RemotePath } from '@e2eeftp/protocol';

import type { ServerObserver } from '../observer.js';
import type { Change, Claim, KeptUpload } from '../store/usage/usage.js';

/** Nothing is said but that it is so. */
type Nothing = Readonly<Record<string, never>>;

/** What workers tell of: connections are counted where they are taken. */
type WorkerEvents = Required<
  Pick<ServerObserver, 'handshakeEnded' | 'commandAnswered' | 'fileStored'>
>;

/** One thing that a worker's server did. */
export type WorkerEvent = {
  readonly [Name in keyof WorkerEvents]: readonly [Name, ...Parameters<WorkerEvents[Name]>];
}[keyof WorkerEvents];

/** What workers ask of their supervisor. */
export interface SupervisorMethods {
  /** Gives what the supervisor's program wants its workers to know. */
  configuration(args: Nothing): unknown;
  /** The worker can take connections. */
  ready(args: Nothing): void;
  /**
   * Waits until nobody else touches the paths, and takes them under a number of the worker's.
   * Returns what the usage's clock says.
   */
  lock(args: { readonly lock: number; readonly paths: readonly string[] }): Promise<number>;
  unlock(args: { readonly lock: number }): void;
  /** Waits until nobody else holds the name, and takes it under a number of the worker's. */
  lease(args: { readonly lease: number; readonly name: string }): Promise<void>;
  release(args: { readonly lease: number }): void;
  /** Takes the room for further entries of a folder; returns whether there is room for all. */
  reserveEntries(args: { readonly folder: string; readonly entries: number }): Promise<boolean>;
  /** Says what became of that. */
  settleEntries(args: {
    readonly folder: string;
    readonly entries: number;
    readonly added: number;
  }): void;
  /** A folder has an entry less. */
  entryRemoved(args: { readonly folder: string }): void;
  /** A folder is gone from its path. */
  folderGone(args: { readonly folder: string }): void;
  /** What a worker asks and tells of bytes, as `Usage` has it. */
  reserve(args: Claim): Promise<boolean>;
  uploadEnded(args: { readonly upload: string; readonly kept?: KeptUpload | undefined }): void;
  uploadLost(args: { readonly upload: string }): void;
  changed(args: Change): void;
  isBorder(args: {
    readonly from: RemotePath;
    readonly to?: RemotePath | undefined;
  }): Promise<boolean>;
  used(args: { readonly home: RemotePath }): Promise<number>;
  /** Counts requests; returns how many milliseconds they have to wait. */
  takeRequests(args: { readonly identity: string; readonly count: number }): number;
  /** A connection's client is known. */
  established(args: { readonly connection: number }): void;
  /** A connection has ended. */
  closed(args: { readonly connection: number; readonly hasFailed: boolean }): void;
  /** Tells what the worker's server did. */
  observed(args: { readonly events: readonly WorkerEvent[] }): void;
}

/** What a supervisor asks of its workers. */
export interface WorkerMethods {
  /** Serves a connection. */
  serve(args: { readonly connection: number }, socket?: Socket): void;
  /** Somebody else wants what a lease stands for. */
  revoke(args: { readonly lease: number }): void;
  /** Takes over what the supervisor's program wants its workers to know now. */
  reconfigure(args: { readonly configuration: unknown }): void;
  /** Ends what is under way as long as there is time, then the process. */
  shutDown(args: Nothing): void;
}
