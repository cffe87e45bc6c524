import type { Identity } from '@e2eeftp/crypto';

import type { RequestPacing } from '../admission/request-rates.js';
import type { Authorizer } from '../authorization/authorizer.js';
import type { CardStore } from '../cards/card-store.js';
import type { CommandTable } from '../command/command-table.js';
import type { ServerLimits } from '../limits.js';
import type { Logger } from '../logger.js';
import type { ServerObserver } from '../observer.js';
import type { Store } from '../store/store.js';
import type { Keyrings } from '../vaults/keyrings.js';
import type { V1Options } from '../v1/v1-options.js';

/** What all connections of a server share. */
export interface ConnectionServices {
  readonly identity: Identity;
  readonly authorizer: Authorizer;
  readonly store: Store;
  /** Who belongs to the vaults of the store. */
  readonly keyrings: Keyrings;
  /** The cards of those who are authorized. */
  readonly cards: CardStore;
  readonly commands: CommandTable;
  readonly limits: ServerLimits;
  readonly rates: RequestPacing;
  readonly logger: Logger;
  readonly observer: ServerObserver;
  /** How the first generation of the protocol is served, if it is. */
  readonly v1: V1Options | undefined;
}
