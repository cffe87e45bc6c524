import { resolve } from 'node:path';

import {
  DataDirectory,
  Server,
  type DataDirectoryOptions,
  type ListenOptions,
  type Logger,
  type RequestPacing,
  type ServerLimits,
  type ServerObserver,
  type StoreCoordination,
  type StoreLimits,
} from '@e2eeftp/server';

import type { Settings } from '../settings/table.js';
import { filesBeside, openFileLimit, ownFiles } from './open-file-limit.js';

/** What serves, and the files that it serves. */
export interface Service {
  /**
   * Begins to listen.
   *
   * @param place - where
   */
  start(place: ListenOptions): Promise<void>;
  readonly files: DataDirectory;
  /**
   * Takes over what can change while it runs.
   *
   * @param settings - what the operator wants now
   */
  change(settings: Settings): Promise<void>;
  /** Ends both: what is under way gets the time that the settings give it. */
  close(): Promise<void>;
}

/** A service of this process alone. */
export interface OwnService extends Service {
  readonly server: Server;
}

/** Whom a service tells what it does. */
export interface ServiceOptions {
  readonly logger: Logger;
  readonly observer?: ServerObserver;
}

/** What a worker has to agree upon with others, besides. */
export interface OwnServiceOptions extends ServiceOptions {
  readonly coordination?: StoreCoordination;
  readonly pacing?: RequestPacing;
}

const v1Warning =
  "serving the protocol's first generation: names and commands can be read and forged on their way, and whoever has recorded a client's hello that this server never saw can list and delete in its name; move the clients to the current protocol";

/**
 * Opens the data directory, and makes the server that the settings describe. It does not listen
 * yet.
 *
 * @param settings - what the operator wants
 * @param options - whom to tell
 * @returns the service, to be closed
 * @throws ServerError `in-use` or `bad-file`, StoreError `io`
 */
export async function openService(
  settings: Settings,
  options: OwnServiceOptions,
): Promise<OwnService> {
  const { logger, observer, coordination, pacing } = options;
  const { 'allow-v1': v1Access } = settings;
  const storage = { logger, coordination, ...storageFrom(settings) };
  warnOfFewFiles(settings, logger);
  const files = await DataDirectory.open(resolve(settings.data), storage);
  const { identity, authorizer, store, cards, hellos } = files;
  const v1 = v1Access && { access: v1Access, hellos };
  if (v1) logger.warn({ access: v1.access }, v1Warning);
  const limits = limitsFrom(settings);
  const server = new Server({
    identity,
    authorizer,
    store,
    cards,
    limits,
    logger,
    observer,
    pacing,
    v1,
  });
  return {
    server,
    start: (place) => server.start(place),
    files,
    change: (changed) => {
      warnOfFewFiles(changed, logger);
      server.changeLimits(limitsFrom(changed));
      store.changeLimits(storeLimitsFrom(changed));
      return Promise.resolve();
    },
    close: async () => {
      try {
        await server.close();
      } finally {
        await files.close();
      }
    },
  };
}

/**
 * @param settings - what the operator wants
 * @returns how files are stored
 */
export function storageFrom(
  settings: Settings,
): Pick<DataDirectoryOptions, 'durability' | 'uploadLifetime' | 'limits'> {
  return {
    durability: settings.durability,
    uploadLifetime: settings['upload-ttl'],
    limits: storeLimitsFrom(settings),
  };
}

/**
 * @param settings - what the operator wants
 * @returns what the store is held to
 */
export function storeLimitsFrom(settings: Settings): StoreLimits {
  return {
    directorySize: settings['directory-size'] ?? Infinity,
    openFiles: settings['open-files'] ?? filesBeside(settings.connections),
  };
}

/** A server that has too few works, until as many come as it was told to serve. */
function warnOfFewFiles(settings: Settings, logger: Logger): void {
  const needed = settings.connections + (settings['open-files'] ?? 0) + ownFiles;
  const available = openFileLimit();
  if (needed <= available) return;
  const message =
    'the system allows too few open files for that many connections; raise LimitNOFILE (ulimit -n), or lower connections or open-files';
  logger.warn({ available, needed }, message);
}

/**
 * @param settings - what the operator wants
 * @returns what clients are allowed
 */
export function limitsFrom(settings: Settings): Omit<ServerLimits, 'overlap'> {
  return {
    connections: settings.connections,
    connectionsPerAddress: settings['connections-per-address'],
    handshakes: settings.handshakes,
    handshakeTimeout: settings['handshake-timeout'],
    idleTimeout: settings['idle-timeout'],
    progressTimeout: settings['progress-timeout'],
    drainTimeout: settings.drain,
    requestRate: settings['request-rate'],
    delaysFailures: settings['failure-delays'],
    fileSize: settings['file-size'] ?? Number.MAX_SAFE_INTEGER,
  };
}
