import type { HandshakeOutcome, Refusal } from '@e2eeftp/server';
import { Counter, Histogram, type Registry } from 'prom-client';

import type { DeliveryOutcome } from '../hooks/delivery-queue.js';
import { hookNames } from '../hooks/upload-hooks.js';

/** What all names of metrics begin with. */
export const metricPrefix = 'e2eeftp_';

const generations = [1, 2] as const;
const directions = ['up', 'down'] as const;
const handshakeOutcomes: readonly HandshakeOutcome[] = ['established', 'failed'];
const refusals: readonly Refusal[] = ['connections', 'connections-per-address', 'failures'];
const deliveryOutcomes: readonly DeliveryOutcome[] = ['delivered', 'failed', 'dropped'];

/** Seconds: from a command that finds all in memory to a transfer of a quarter of an hour. */
const commandBuckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 900];
const handshakeBuckets = [0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** What counts, by what it counts. */
export interface Counters {
  readonly connections: Counter;
  readonly refused: Counter<'limit'>;
  readonly handshakes: Counter<'outcome'>;
  readonly handshakeSeconds: Histogram<'outcome'>;
  readonly commands: Counter<'command' | 'status' | 'generation'>;
  readonly commandSeconds: Histogram<'command'>;
  readonly transfers: Counter<'direction' | 'generation'>;
  readonly received: Counter<'generation'>;
  readonly sent: Counter<'generation'>;
  readonly deliveries: Counter<'hook' | 'outcome'>;
  readonly retries: Counter<'hook'>;
}

/**
 * Makes all that counts events. No label holds what a client has chosen: the number of series is
 * the same whoever comes.
 *
 * @param registry - what they belong to
 * @returns the counters, at zero: a series that only appears with its first event hides that event
 *   from whoever watches for increases
 */
export function makeCounters(registry: Registry): Counters {
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> =>
    new Counter({ name: `${metricPrefix}${name}`, help, labelNames, registers: [registry] });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: number[],
  ): Histogram<Label> =>
    new Histogram({
      name: `${metricPrefix}${name}`,
      help,
      labelNames,
      buckets,
      registers: [registry],
    });
  const counters: Counters = {
    connections: counter('connections_total', 'Connections that were taken'),
    refused: counter(
      'refused_connections_total',
      'Connections that were not taken, by the limit that they met',
      ['limit'],
    ),
    handshakes: counter('handshakes_total', 'Handshakes, by how they ended', ['outcome']),
    handshakeSeconds: histogram(
      'handshake_duration_seconds',
      'How long handshakes took, by how they ended',
      ['outcome'],
      handshakeBuckets,
    ),
    commands: counter(
      'commands_total',
      'Requests that were answered, by command, status and generation of the protocol',
      ['command', 'status', 'generation'],
    ),
    commandSeconds: histogram(
      'command_duration_seconds',
      'From a request to the end of its answer, by command',
      ['command'],
      commandBuckets,
    ),
    transfers: counter('transfers_total', 'Files that went up or down, whole or in part', [
      'direction',
      'generation',
    ]),
    received: counter(
      'received_bytes_total',
      'Bytes of files that clients sent with requests that were answered',
      ['generation'],
    ),
    sent: counter('sent_bytes_total', 'Bytes of files that clients were sent with answers', [
      'generation',
    ]),
    deliveries: counter(
      'hook_deliveries_total',
      'Uploads that a hook was to be told of, by what became of it',
      ['hook', 'outcome'],
    ),
    retries: counter('hook_retries_total', 'Tries of hooks after the first one', ['hook']),
  };
  for (const limit of refusals) counters.refused.inc({ limit }, 0);
  for (const outcome of handshakeOutcomes) {
    counters.handshakes.inc({ outcome }, 0);
    counters.handshakeSeconds.zero({ outcome });
  }
  for (const generation of generations) {
    counters.received.inc({ generation }, 0);
    counters.sent.inc({ generation }, 0);
    for (const direction of directions) counters.transfers.inc({ direction, generation }, 0);
  }
  for (const hook of hookNames) {
    counters.retries.inc({ hook }, 0);
    for (const outcome of deliveryOutcomes) counters.deliveries.inc({ hook, outcome }, 0);
  }
  return counters;
}
