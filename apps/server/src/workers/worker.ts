#!/usr/bin/env node
import { resolve } from 'node:path';

import { collectYoungMemoryFirst, joinSupervisor } from '@e2eeftp/server';

import { makeLogger } from '../logging.js';
import { openService } from '../service/open-service.js';
import type { Settings } from '../settings/table.js';

/** The program of a worker: serves the connections that its supervisor hands over. */
collectYoungMemoryFirst();
const place = await joinSupervisor();
const settings = place.configuration as Settings;
const { data, 'log-level': level, 'log-format': logFormat } = settings;
// Signals go to all processes of a terminal or service: what they mean, the supervisor says.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
const logger = await makeLogger({ level, format: logFormat ?? 'json', directory: resolve(data) });
const service = await openService(settings, {
  logger,
  observer: place.observer,
  coordination: place.coordination,
  pacing: place.pacing(settings['request-rate']),
});
place.begin({
  server: service.server,
  onReconfigure: (configuration) => {
    const changed = configuration as Settings;
    logger.level = changed['log-level'];
    void service.change(changed);
  },
  onShutDown: () => service.close(),
});
