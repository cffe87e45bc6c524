import type { TransportPair } from '../src/conformance.js';
import { connectTcp, listenTcp, type Listener, type Transport } from '../src/index.js';

/** What a listener that expects no errors does with them. */
export function rethrow(error: Error): void {
  throw error;
}

/** A listener, and the connections that arrive at it, one by one. */
export interface Arrivals {
  readonly listener: Listener;
  next(): Promise<Transport>;
}

export async function listenFor(host: string, port = 0): Promise<Arrivals> {
  const arrived: Transport[] = [];
  let waiting: ((transport: Transport) => void) | undefined;
  const listener = await listenTcp({
    host,
    port,
    onConnection: (transport) => {
      if (!waiting) arrived.push(transport);
      waiting?.(transport);
      waiting = undefined;
    },
    onError: rethrow,
  });
  return {
    listener,
    next: () =>
      new Promise((resolve) => {
        const transport = arrived.shift();
        if (transport) resolve(transport);
        else waiting = resolve;
      }),
  };
}

/** A connection over TCP within this machine. */
export async function tcpPair(host: string): Promise<TransportPair> {
  const { listener, next } = await listenFor(host);
  const [left, right] = await Promise.all([
    connectTcp({ ...listener.address, timeout: 10_000 }),
    next(),
  ]);
  await listener.close();
  return { left, right };
}
