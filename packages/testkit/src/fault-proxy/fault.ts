import type { Direction, WireRecord } from './record-splitter.js';

/** A record that is about to be passed on. */
export interface PassingRecord extends Pick<WireRecord, 'type'> {
  /** The connection, counted from 0 as they were opened. */
  readonly connection: number;
  readonly direction: Direction;
  /** Counted from 0 in this direction of this connection; the hello is 0. */
  readonly index: number;
  /** Bytes of the record, header included. */
  readonly length: number;
}

/**
 * What befalls a record, and with it the connection:
 * - `cut`: the record does not pass, and both ends see the connection reset;
 * - `truncate`: so many bytes of the record pass, and the connection is cut;
 * - `half-close`: the record does not pass, and the receiver sees an orderly end of this direction,
 *   while the other one stays open;
 * - `stall`: from this record on, nothing passes in this direction, and nobody is told;
 * - `delay`: the record, and all behind it in this direction, wait for a promise.
 */
export type Fault =
  | { readonly type: 'cut' }
  | { readonly type: 'truncate'; readonly bytes: number }
  | { readonly type: 'half-close' }
  | { readonly type: 'stall' }
  | { readonly type: 'delay'; readonly until: Promise<unknown> };

/** Decides what befalls each record; nothing befalls it where it returns nothing. */
export type FaultPlan = (record: PassingRecord) => Fault | undefined;
