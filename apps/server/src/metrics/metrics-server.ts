import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { formatAddress, type Logger } from '@e2eeftp/server';
import type { Registry } from 'prom-client';

import { CommandFailure } from '../failure.js';
import type { Address } from '../settings/kinds.js';

/** Those who watch a server are few; whoever is more gets nothing. */
const mostConnections = 32;
/** For a request, for its answer, and between two of them, in milliseconds. */
const patience = 5000;
const maxHeaderSize = 8192;

/** What a {@link MetricsServer} tells. */
export interface MetricsServerOptions {
  readonly registry: Registry;
  /** Whether clients are served, and if not, why not. */
  readonly state: () => 'ready' | 'starting' | 'draining';
  /** Hears where it listens, and when metrics cannot be collected. */
  readonly logger: Logger;
}

/**
 * Tells those who watch a server how it is, over HTTP at an address of its own: `/metrics` for
 * Prometheus, `/healthz` whether the process lives, `/readyz` whether it serves.
 */
export class MetricsServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * @param address - where to listen
   * @param options - what to tell
   * @returns the server, to be closed
   * @throws CommandFailure when it cannot listen there
   */
  static async start(address: Address, options: MetricsServerOptions): Promise<MetricsServer> {
    const server = createServer(
      { maxHeaderSize, requestTimeout: patience },
      (request, response) => {
        void answer(request, response, options);
      },
    );
    server.maxConnections = mostConnections;
    server.headersTimeout = patience;
    server.keepAliveTimeout = patience;
    // Of bytes that do not move, in either direction; Node hangs up then.
    server.setTimeout(patience);
    try {
      await listen(server, address);
    } catch (cause) {
      throw asFailure(address, cause);
    }
    const { address: host, port } = server.address() as AddressInfo;
    options.logger.info({ host, port }, 'serving metrics');
    return new MetricsServer(server);
  }

  /** Hangs up on everybody. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  { registry, state, logger }: MetricsServerOptions,
): Promise<void> {
  // However slowly it is read, a byte at a time too.
  const deadline = setTimeout(() => response.destroy(), 2 * patience);
  response.once('close', () => {
    clearTimeout(deadline);
  });
  response.setHeader('cache-control', 'no-store');
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    say(response, 405, 'only GET and HEAD');
    return;
  }
  const [path] = url.split('?');
  if (path === '/metrics') {
    try {
      const text = await registry.metrics();
      response.setHeader('content-type', registry.contentType);
      response.end(text);
    } catch (error) {
      logger.error({ err: error }, 'the metrics could not be collected');
      say(response, 500, 'the metrics could not be collected');
    }
  } else if (path === '/healthz') {
    say(response, 200, 'alive');
  } else if (path === '/readyz') {
    const now = state();
    say(response, now === 'ready' ? 200 : 503, now);
  } else {
    say(response, 404, 'there are /metrics, /healthz and /readyz');
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}

function listen(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function asFailure({ host, port }: Address, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause)) return cause;
  const message = `Cannot serve metrics at ${formatAddress(host, port)} (${String(cause.code)}); choose another address with --metrics`;
  return new CommandFailure(message, { cause });
}
