import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { RunningServer } from './program.js';

/** What a web server has answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks a web server, over a connection of its own. */
export function ask(url: string, method = 'GET'): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Where a server that was started with `--metrics 127.0.0.1:0` serves metrics. */
export function metricsUrl(server: RunningServer): string {
  const entry = server.log.find(({ msg }) => msg === 'serving metrics');
  return `http://${String(entry?.['host'])}:${String(entry?.['port'])}`;
}

/** The metrics of a server, by name and labels as they are written. */
export async function metricsOf(server: RunningServer): Promise<ReadonlyMap<string, number>> {
  const { body } = await ask(`${metricsUrl(server)}/metrics`);
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))] as const;
    }),
  );
}

/** A web server that is told of uploads. */
export class HookReceiver {
  /** What came, oldest first. */
  readonly received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  private constructor(answer: (count: number) => number | undefined) {
    this.#server = createServer((asked, response) => {
      let body = '';
      asked.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      asked.on('end', () => {
        this.received.push({ headers: asked.headers, body });
        const status = answer(this.received.length);
        if (status !== undefined) response.writeHead(status, { location: '/elsewhere' }).end('x');
        for (const look of this.#waiting) look();
      });
    });
  }

  /** `answer` gives a status for the first, second … time; without one it never answers. */
  static async start(answer: (count: number) => number | undefined): Promise<HookReceiver> {
    const receiver = new HookReceiver(answer);
    await new Promise<void>((resolve) => {
      receiver.#server.listen(0, '127.0.0.1', resolve);
    });
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/uploads?token=hunter2`;
  }

  async until(count: number): Promise<void> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    this.#server.closeAllConnections();
    await closed;
  }
}
