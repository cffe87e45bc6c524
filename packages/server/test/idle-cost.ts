import { expect } from '@jest/globals';

import { Identity } from '@e2eeftp/crypto';

import type { Peer } from './support/peer.js';
import { ServerElsewhere } from './support/served-elsewhere.js';

const size = 4 * 1024 * 1024;

/** Bytes that connections cost a server which have nothing to do. */
export interface IdleCosts {
  /** Before they have moved anything. */
  readonly before: number;
  /** After each has moved 4 MiB. */
  readonly after: number;
}

/**
 * Opens connections that then do nothing.
 *
 * @param count - how many
 * @returns what they cost all together
 */
export async function idleCosts(count: number): Promise<IdleCosts> {
  const server = await ServerElsewhere.start();
  const peers: Peer[] = [];
  try {
    const identity = Identity.generate();
    const content = Buffer.alloc(size, 'x');
    // What is stored, and what a program needs once, is not the cost of a connection.
    const first = await server.enter(identity);
    expect(await first.send('received/f', content)).toMatchObject({ status: 226 });
    expect(await move(first, 0, content)).toBe(size);
    await first.close();
    const none = await server.untilConnections(0);
    while (peers.length < count) peers.push(await server.enter(identity));
    const idle = await server.state();
    for (const [index, peer] of peers.entries()) {
      expect(await move(peer, index, content)).toBe(size);
    }
    const moved = await server.state();
    expect([idle.connections, moved.connections]).toEqual([count, count]);
    expect(moved.failures).toEqual([]);
    for (const peer of peers) expect(await peer.call('PING')).toMatchObject({ status: 200 });
    return { before: idle.memory - none.memory, after: moved.memory - none.memory };
  } finally {
    for (const { transport } of peers) transport.destroy();
    await server.stop();
  }
}

/** One half sends, the other half gets. */
async function move(peer: Peer, index: number, content: Buffer): Promise<number | undefined> {
  if (index % 2 === 1) {
    const { result } = await peer.send('received/f', content);
    return (result as { size: number }).size;
  }
  const { body } = await peer.call('GET', { path: 'received/f' });
  return body?.bytes.length;
}
