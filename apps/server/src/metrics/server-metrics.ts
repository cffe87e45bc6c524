import type { AnsweredCommand, HandshakeOutcome, Refusal, ServerObserver } from '@e2eeftp/server';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

import type { DeliveryObserver } from '../hooks/delivery-queue.js';
import { hookNames, type HookName } from '../hooks/upload-hooks.js';
import { makeCounters, metricPrefix } from './counters.js';
import { StoreUsage } from './store-usage.js';

/** What {@link ServerMetrics} looks at whenever it is asked. */
export interface MetricsSources {
  /** The data directory. */
  readonly directory: string;
  /** Uploads that a hook is still to be told of. */
  readonly waiting: (hook: HookName) => number;
  /** Whether clients are served. */
  readonly isReady: () => boolean;
}

/** What a server does, and how it is, for Prometheus. */
export class ServerMetrics implements ServerObserver {
  /** All metrics. */
  readonly registry = new Registry();
  readonly #counters = makeCounters(this.registry);
  #openConnections = 0;

  /** @param sources - what to look at */
  constructor({ directory, waiting, isReady }: MetricsSources) {
    collectDefaultMetrics({ register: this.registry });
    this.#gauge('open_connections', 'Connections that are open now', (gauge) => {
      gauge.set(this.#openConnections);
    });
    this.#gauge('ready', '1 while clients are served, 0 while it starts or ends', (gauge) => {
      gauge.set(isReady() ? 1 : 0);
    });
    this.#gauge(
      'hook_waiting',
      'Uploads that a hook is still to be told of',
      (gauge) => {
        for (const hook of hookNames) gauge.set({ hook }, waiting(hook));
      },
      ['hook'],
    );
    this.#watchDisk(new StoreUsage(directory));
  }

  connectionOpened(): void {
    this.#counters.connections.inc();
    this.#openConnections += 1;
  }

  connectionClosed(): void {
    this.#openConnections -= 1;
  }

  connectionRefused(limit: Refusal): void {
    this.#counters.refused.inc({ limit });
  }

  handshakeEnded(outcome: HandshakeOutcome, milliseconds: number): void {
    this.#counters.handshakes.inc({ outcome });
    this.#counters.handshakeSeconds.observe({ outcome }, milliseconds / 1000);
  }

  commandAnswered(facts: AnsweredCommand): void {
    const { command, status, generation, milliseconds, received, sent, transferred } = facts;
    const { commands, commandSeconds, transfers } = this.#counters;
    commands.inc({ command, status, generation });
    commandSeconds.observe({ command }, milliseconds / 1000);
    this.#counters.received.inc({ generation }, received);
    this.#counters.sent.inc({ generation }, sent);
    if (!transferred) return;
    const { direction, files } = transferred;
    transfers.inc({ direction, generation }, files);
  }

  /**
   * @param hook - a hook
   * @returns what counts its deliveries
   */
  deliveriesOf(hook: HookName): DeliveryObserver {
    const { deliveries, retries } = this.#counters;
    return {
      ended: (outcome) => {
        deliveries.inc({ hook, outcome });
      },
      retried: () => {
        retries.inc({ hook });
      },
    };
  }

  /** The file system is looked at once for all that is told of it. */
  #watchDisk(usage: StoreUsage): void {
    this.#gauge('store_free_bytes', 'Room for files on the disk', async (gauge) => {
      gauge.set((await usage.read()).free);
    });
    this.#gauge('store_size_bytes', 'Size of the file system with the files', async (gauge) => {
      gauge.set((await usage.read()).size);
    });
    this.#gauge('store_free_files', 'Files that can still be made there', async (gauge) => {
      gauge.set((await usage.read()).freeFiles);
    });
  }

  #gauge(
    name: string,
    help: string,
    collect: (gauge: Gauge<'hook'>) => void | Promise<void>,
    labelNames: readonly 'hook'[] = [],
  ): void {
    new Gauge<'hook'>({
      name: `${metricPrefix}${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        return collect(this);
      },
    });
  }
}
