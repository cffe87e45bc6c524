import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { ListenOptions } from '@e2eeftp/server';
import type { Logger } from 'pino';

import type { DeliveryObserver } from '../hooks/delivery-queue.js';
import { UploadHooks, type HookName } from '../hooks/upload-hooks.js';
import type { Arguments } from '../settings/resolve.js';
import type { Settings } from '../settings/table.js';
import type { HangUps } from '../signals.js';
import { combineObservers } from './combine-observers.js';
import type { Service, ServiceOptions } from './open-service.js';
import { Reloader, type ReloaderOptions } from './reload.js';
import { tellServiceManager } from './service-manager.js';

/** What a service runs with. */
export interface RunOptions {
  readonly settings: Settings;
  /** The command line, for reading the settings again. */
  readonly given: Arguments;
  /** Where to listen; a socket that systemd has handed over counts more than host and port. */
  readonly place: ListenOptions & { readonly descriptor: number | undefined };
  readonly logger: Logger;
  /** Settles when the service is to end. */
  readonly ended: Promise<NodeJS.Signals>;
  readonly hangUps: HangUps;
}

/**
 * Serves until a signal ends it, with all that belongs to it: metrics, hooks, and what systemd is
 * told.
 *
 * @param options - what to run with
 */
export async function runService(options: RunOptions): Promise<void> {
  const { settings, logger } = options;
  const directory = resolve(settings.data);
  let drainTime = settings.drain;
  let state: 'starting' | 'ready' | 'draining' = 'starting';
  // What nobody asks for is neither counted nor loaded.
  const metered = settings.metrics && (await import('../metrics/metrics.js'));
  const metrics =
    metered &&
    new metered.ServerMetrics({
      directory,
      waiting: (hook) => hooks.waiting(hook),
      isReady: () => state === 'ready',
    });
  const observerOf = (hook: HookName): DeliveryObserver | undefined => metrics?.deliveriesOf(hook);
  const hooks: UploadHooks = new UploadHooks({ directory, settings, logger, observerOf });
  const watched =
    settings.metrics &&
    metrics &&
    (await metered.MetricsServer.start(settings.metrics, {
      registry: metrics.registry,
      state: () => state,
      logger,
    }));
  try {
    const observer = metrics ? combineObservers([metrics, hooks]) : hooks;
    const service = await open(settings, { logger, observer });
    await startOrClose(service, options.place);
    try {
      // What is wrong with the clients is told now, not when the first one comes.
      await service.files.authorizer.read();
      state = 'ready';
      reloadOnHangUp(options, async (changed) => {
        logger.level = changed['log-level'];
        hooks.configure(changed);
        drainTime = changed.drain;
        await service.change(changed);
      });
      await tellServiceManager(['READY=1'], logger);
      const signal = await options.ended;
      logger.info({ signal }, 'closing; a second signal ends everything at once');
    } finally {
      state = 'draining';
      options.hangUps.ignore();
      await Promise.all([
        tellServiceManager(['STOPPING=1'], logger),
        drain(service, hooks, drainTime),
      ]);
    }
  } finally {
    await watched?.close();
  }
}

/** Opens what serves, in this process or in workers. */
async function open(settings: Settings, options: ServiceOptions): Promise<Service> {
  if (settings.workers > 1) {
    const { openCluster } = await import('../workers/open-cluster.js');
    return openCluster(settings, options);
  }
  const { openService } = await import('./open-service.js');
  return openService(settings, options);
}

async function startOrClose(service: Service, place: ListenOptions): Promise<void> {
  try {
    await service.start(place);
  } catch (error) {
    await service.close();
    throw error;
  }
}

function reloadOnHangUp(
  { settings, given, logger, hangUps }: RunOptions,
  apply: ReloaderOptions['apply'],
): void {
  const reloader = new Reloader({ given, settings, logger, apply });
  hangUps.listen(() => {
    void reloader.reload();
  });
}

/** Hooks have as much time as the transfers whose end they are told of. */
async function drain(service: Service, hooks: UploadHooks, patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  const closed = service.close();
  const waited = new AbortController();
  const { signal } = waited;
  try {
    // Hooks are told, and ended, also where closing fails.
    const over = delay(patience, undefined, { signal }).catch(() => undefined);
    await Promise.race([closed.catch(() => undefined), over]);
    await hooks.close(Math.max(0, deadline - performance.now()));
    await closed;
  } finally {
    waited.abort();
  }
}
