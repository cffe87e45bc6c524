import { FileStore, Server } from '@e2eeftp/server';
import { FaultProxy } from '@e2eeftp/testkit';
import { afterAll, beforeAll } from '@jest/globals';

import { connect, Identity, type Client, type ConnectOptions } from '../../src/index.js';
import { makeFolder } from '../home/support.js';

export interface FaultyPair {
  /** Where faults befall those who connect through it. */
  readonly proxy: FaultProxy;
  /** Who all clients are: a broken upload belongs to who has begun it. */
  readonly identity: Identity;
  /** A client that nothing disturbs. */
  readonly direct: Client;
  /** Connects through the proxy. */
  join(options?: Partial<ConnectOptions>): Promise<Client>;
}

/** A server on disk behind a fault proxy, for all tests of a file. */
export function useFaultyPair(): () => FaultyPair {
  let pair: FaultyPair | undefined;
  let close = (): Promise<void> => Promise.resolve();
  beforeAll(async () => {
    const store = await FileStore.open({ directory: await makeFolder() });
    const identity = Identity.generate();
    const server = new Server({
      identity,
      authorizer: { authorize: async (who) => ({ identity: who, name: undefined, access: 'rw' }) },
      store,
      // Every failure here comes from one address.
      limits: { delaysFailures: false },
    });
    await server.start({ port: 0 });
    const proxy = await FaultProxy.start({ port: server.address.port });
    const common = { identity: Identity.generate(), server: identity.publicKey };
    const direct = await connect({ ...common, port: server.address.port });
    pair = {
      proxy,
      identity: common.identity,
      direct,
      join: (options) => connect({ ...common, port: proxy.port, ...options }),
    };
    close = async () => {
      await direct.close();
      await proxy.close();
      await server.close();
      await store.close();
    };
  });
  afterAll(() => close());
  return () => {
    if (!pair) throw new Error('There is a pair only while tests run');
    return pair;
  };
}
