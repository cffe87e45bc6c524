import type { HelloRecord } from './hello-record.js';

/**
 * How a server serves the first generation of the protocol.
 *
 * Its command lines and answers are neither secret nor authentic, and whoever has recorded a
 * client's hello that this server never saw can use LIST and DELETE in its name.
 */
export interface V1Options {
  /** `read` refuses whatever adds or changes files. */
  readonly access: 'all' | 'read';
  /** Remembers the hellos that were used. A `DataDirectory` brings one. */
  readonly hellos: HelloRecord;
}
