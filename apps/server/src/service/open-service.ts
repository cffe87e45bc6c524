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
} from '@e2eeftp/server';

import type { Settings } from '../settings/table.js';

/** What serves, and the files that it serves. */
export interface Service {
  /**
   * Begins to listen.
   *
   * @param place - where
   */
  start(place: ListenOptions): Promise<void>;
  readonly files: DataDirectory;
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
  const files = await DataDirectory.open(resolve(settings.data), storage);
  const { identity, authorizer, store, hellos } = files;
  const v1 = v1Access && { access: v1Access, hellos };
  if (v1) logger.warn({ access: v1.access }, v1Warning);
  const limits = limitsFrom(settings);
  const server = new Server({
    identity,
    authorizer,
    store,
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
): Pick<DataDirectoryOptions, 'durability' | 'uploadLifetime'> {
  return { durability: settings.durability, uploadLifetime: settings['upload-ttl'] };
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
