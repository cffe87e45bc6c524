import { FaultProxy, type Direction } from '@e2eeftp/testkit';

import { afterThisTest } from './cleanup.js';

export interface Proxy {
  readonly port: number;
  /** Settles when as many bytes have passed as were asked for. */
  readonly reached: Promise<void>;
  /** Bytes that have come so far, in this direction. */
  readonly passed: Readonly<Record<Direction, number>>;
}

/**
 * Stands between a client and a server. After some bytes in one direction, it breaks the
 * connections, and unless it is to do that once only, each later one at its first record; or it
 * passes nothing on any more.
 */
export async function startProxy(
  serverPort: number,
  {
    direction,
    bytes,
    then,
  }: {
    direction: Direction;
    bytes: number;
    then: 'break' | 'break-once' | 'stall';
  },
): Promise<Proxy> {
  const passed: Record<Direction, number> = { up: 0, down: 0 };
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  let isOver = false;
  const proxy = await FaultProxy.start({ port: serverPort });
  proxy.plan = (record) => {
    passed[record.direction] += record.length;
    const isFirst = !isOver && passed[direction] >= bytes;
    isOver ||= isFirst;
    if (!isOver || (then === 'break-once' && !isFirst)) return undefined;
    reach();
    if (then === 'stall') return { type: 'stall' };
    proxy.cutAll();
    return { type: 'cut' };
  };
  afterThisTest(() => proxy.close());
  return { port: proxy.port, reached, passed };
}
