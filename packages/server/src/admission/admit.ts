import type { Logger } from '../logger.js';
import type { ServerObserver } from '../observer.js';
import type { Admission, Refusal, Ticket } from './admission.js';

const refusals: Readonly<Record<Refusal, string>> = {
  connections: 'refused a connection: there are too many',
  'connections-per-address': 'refused a connection: there are too many from this address',
  failures: 'refused a connection: this address has failed too often and has to wait',
};

/**
 * Decides about a connection, and tells when it is refused.
 *
 * @param admission - who decides
 * @param peer - where it comes from, as its transport says
 * @param told - who hears of a refusal
 * @returns a ticket for it, or nothing
 */
export function admit(
  admission: Admission,
  peer: string,
  told: { readonly observer: ServerObserver; readonly logger: Logger },
): Ticket | undefined {
  const ticket = admission.admit(peer);
  if (typeof ticket !== 'string') return ticket;
  told.observer.connectionRefused?.(ticket);
  told.logger.warn({ peer, limit: ticket }, refusals[ticket]);
  return undefined;
}
