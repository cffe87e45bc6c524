import { PassThrough } from 'node:stream';

import { describe, expect, test } from '@jest/globals';

import { failureOf } from './home/support.js';
import { startBreakingPair } from './support/breaking-pair.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

const large = Buffer.alloc(300 * 1024, 'a');

describe('the connections of a client', () => {
  test('are never more than allowed, and all of them are used', async () => {
    const { join } = await startBreakingPair();
    const { client, line } = await join({ connections: 3 });
    const sends = Array.from({ length: 20 }, (_, index) => client.send(large, `received/${index}`));
    const pings = Array.from({ length: 100 }, () => client.ping());
    await Promise.all([...sends, ...pings]);
    expect(line.opened).toBe(3);
    await client.close();
  });

  test('are shared by small requests', async () => {
    const { join } = await startBreakingPair();
    const { client, line } = await join({ connections: 4 });
    await Promise.all([
      ...Array.from({ length: 8 }, () => client.ping()),
      ...Array.from({ length: 8 }, (_, at) => client.send(Buffer.from('abc'), `received/${at}`)),
    ]);
    expect(line.opened).toBe(1);
    await client.close();
  });

  test('are each transfer’s own, so that one that stands still holds up no other', async () => {
    const { join } = await startBreakingPair();
    const { client, line } = await join({ connections: 4 });
    const sources = [new PassThrough(), new PassThrough()];
    const sends = sources.map((source, index) => client.send(source, `received/${index}`));
    await client.send(large, 'received/large');
    await client.ping();
    expect(line.opened).toBe(3);
    for (const source of sources) source.end('abc');
    await Promise.all(sends);
    await client.close();
  });

  test('do without one that cannot be opened', async () => {
    const { join } = await startBreakingPair();
    const { client, line } = await join({ connections: 4, retries: 0 });
    line.isDown = true;
    const sends = Array.from({ length: 5 }, (_, index) => client.send(large, `received/${index}`));
    await Promise.all([...sends, ...Array.from({ length: 50 }, () => client.ping())]);
    expect(line.opened).toBe(1);
    await client.close();
  });

  test('are replaced for what can be asked again, and for nothing else', async () => {
    const { join, client: other } = await startBreakingPair();
    await other.mkdir('received/folder');
    const { client, line } = await join();
    line.cut('down', 0);
    expect((await client.stat('received/folder')).type).toBe('directory');
    line.cut('down', 0);
    await client.remove('received/folder');
    expect(line.opened).toBe(3);
    await other.mkdir('received/from');
    line.cut('down', 0);
    const renaming = client.rename('received/from', 'received/to');
    expect((await failureOf(renaming)).code).toBe('disconnected');
    // It was carried out; nobody but the caller can know whether to do it again.
    expect((await other.stat('received/to')).type).toBe('directory');
    await client.close();
  });
});
