import { resolve } from 'node:path';

import { DataDirectory, Supervisor } from '@e2eeftp/server';

import {
  limitsFrom,
  storageFrom,
  storeLimitsFrom,
  type Service,
  type ServiceOptions,
} from '../service/open-service.js';
import type { Settings } from '../settings/table.js';

/** The program of a worker. */
const program = new URL('worker.js', import.meta.url);

/**
 * Opens the data directory, and makes a supervisor with as many workers as the settings say. It
 * does not listen yet.
 *
 * @param settings - what the operator wants
 * @param options - whom to tell
 * @returns the service, to be closed
 * @throws ServerError `in-use` or `bad-file`, StoreError `io`
 */
export async function openCluster(settings: Settings, options: ServiceOptions): Promise<Service> {
  const { logger, observer = {} } = options;
  const files = await DataDirectory.open(resolve(settings.data), {
    logger,
    ...storageFrom(settings),
  });
  const supervisor = new Supervisor({
    identity: files.identity,
    workers: settings.workers,
    program,
    configuration: settings,
    coordination: files.store.coordination,
    removeLeftovers: (pid) => files.store.removeLeftovers(pid),
    limits: limitsFrom(settings),
    logger,
    observer,
  });
  return {
    start: (place) => supervisor.start(place),
    files,
    change: async (changed) => {
      files.store.changeLimits(storeLimitsFrom(changed));
      await supervisor.reconfigure(changed, limitsFrom(changed));
    },
    close: async () => {
      try {
        await supervisor.close();
      } finally {
        await files.close();
      }
    },
  };
}
