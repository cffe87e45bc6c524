import { setTimeout as delay } from 'node:timers/promises';

import { formatPublicKey } from '@e2eeftp/crypto';

import type { RequestPacing } from '../admission/request-rates.js';
import type { SupervisorMethods } from './methods.js';

/** Requests that are counted with one question, as a part of what is allowed in a second. */
const share = 1 / 50;
/** Milliseconds after which a worker gives up what it has asked for and not used. */
const patience = 1000;

interface Allowance {
  left: number;
  expires: number;
}

/**
 * Holds identities to a rate of requests over the connections of all workers. It asks for several
 * requests at once, so that the question costs little; what is not used is lost.
 */
export class RemoteRequestRates implements RequestPacing {
  #perSecond: number;
  readonly #take: (args: Parameters<SupervisorMethods['takeRequests']>[0]) => Promise<number>;
  readonly #allowances = new Map<string, Allowance>();

  /**
   * @param perSecond - requests a second and identity; 0 for as many as they like
   * @param take - asks the supervisor
   */
  constructor(
    perSecond: number,
    take: (args: Parameters<SupervisorMethods['takeRequests']>[0]) => Promise<number>,
  ) {
    this.#perSecond = perSecond;
    this.#take = take;
  }

  changeRate(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#allowances.clear();
  }

  async turnOf(identity: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#perSecond === 0) return;
    const key = formatPublicKey(identity);
    const known = this.#allowances.get(key);
    if (known && known.left > 0 && known.expires > performance.now()) {
      known.left -= 1;
      return;
    }
    const count = Math.max(1, Math.floor(this.#perSecond * share));
    const wait = await this.#take({ identity: key, count });
    // Who is gone finds out by himself.
    if (wait > 0) await delay(wait, undefined, { signal }).catch(() => undefined);
    this.#allowances.set(key, { left: count - 1, expires: performance.now() + patience });
  }
}
