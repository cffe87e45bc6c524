import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { FaultPlan } from '@e2eeftp/testkit';
import { describe, expect, test } from '@jest/globals';

import type { Client } from '../src/index.js';
import { makeFolder } from './home/support.js';
import { useFaultyPair } from './support/faulty-pair.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

const pair = useFaultyPair();
const size = 1536 * 1024;

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Uploads and downloads at once, and whether all of them were right. */
async function moveAll(client: Client, each = 4): Promise<void> {
  const { direct } = pair();
  const folder = await makeFolder();
  const contents = Array.from({ length: each }, () => randomBytes(size));
  const name = randomBytes(6).toString('hex');
  await Promise.all(
    contents.map((content, index) => direct.send(content, `received/${name}/down${index}`)),
  );
  await Promise.all(
    contents.flatMap((content, index) => [
      client.send(content, `received/${name}/up${index}`),
      client.get(`received/${name}/down${index}`, join(folder, `${index}`)),
    ]),
  );
  for (const [index, content] of contents.entries()) {
    expect((await readFile(join(folder, `${index}`))).equals(content)).toBe(true);
    const stored = await direct.getBytes(`received/${name}/up${index}`);
    expect(stored.equals(content)).toBe(true);
  }
}

/** A fault at one record of the connection that is opened as the given one from now on. */
function atConnection(number: number, plan: FaultPlan): FaultPlan {
  const first = pair().proxy.opened;
  return (record) => (record.connection === first + number ? plan(record) : undefined);
}

describe('of several connections', () => {
  test.each([0, 1, 2, 3])('any may break: the one that was opened as %i', async (number) => {
    const { proxy, join: enter } = pair();
    // The first request, and the first answer.
    for (const { direction, at } of [
      { direction: 'up', at: 2 },
      { direction: 'down', at: 3 },
    ] as const) {
      let hits = 0;
      proxy.plan = atConnection(number, (record) => {
        if (record.direction !== direction || record.index !== at) return undefined;
        hits += 1;
        return { type: 'cut' };
      });
      const client = await enter({ connections: 4 });
      await moveAll(client);
      await client.close();
      expect(hits).toBe(1);
    }
  });

  test.each(['up', 'down'] as const)('a later one may overtake an earlier one, %s', async (way) => {
    const { proxy, join: enter, direct } = pair();
    const { opened, open } = gate();
    proxy.plan = atConnection(0, ({ direction, index }) =>
      direction === way && index === 4 ? { type: 'delay', until: opened } : undefined,
    );
    const client = await enter({ connections: 2 });
    const slow = randomBytes(size);
    const fast = randomBytes(size);
    const move = async (content: Buffer, name: string): Promise<Buffer> => {
      if (way === 'up') await client.send(content, name);
      else await direct.send(content, name);
      return (way === 'up' ? direct : client).getBytes(name);
    };
    // Which of them meets the slow connection is the pool's choice: one must overtake the other.
    const moving = [move(slow, `received/${way}-slow`), move(fast, `received/${way}-fast`)];
    await Promise.race(moving);
    open();
    const [first, second] = await Promise.all(moving);
    expect({ first: first?.equals(slow), second: second?.equals(fast) }).toEqual({
      first: true,
      second: true,
    });
    await client.close();
  });

  test('all may break at once, and none be opened for a while', async () => {
    const { proxy, join: enter } = pair();
    proxy.plan = () => undefined;
    let retries = 0;
    const client = await enter({ connections: 4, onRetry: () => (retries += 1) });
    const moving = moveAll(client);
    const before = proxy.records.up;
    while (proxy.records.up < before + 12) await delay(1);
    proxy.isDown = true;
    proxy.cutAll();
    while (retries === 0) await delay(1);
    proxy.isDown = false;
    await moving;
    await client.close();
  });
});

describe('what comes late over a connection that was given up', () => {
  test('changes nothing that was done since', async () => {
    const { proxy, join: enter, direct } = pair();
    const path = 'received/late';
    const older = randomBytes(size);
    const newer = randomBytes(size);
    const { opened, open } = gate();
    let held = 0;
    // Everything has come but the end of the body.
    proxy.plan = atConnection(0, ({ direction, type }) => {
      if (direction !== 'up' || type !== 4) return undefined;
      held += 1;
      return { type: 'delay', until: opened };
    });
    const client = await enter({ connections: 1, timeouts: { progress: 500 } });
    await client.send(older, path);
    await client.send(newer, path);
    expect(held).toBe(1);
    open();
    await client.ping();
    while (proxy.active > 1) await delay(1);
    expect((await direct.getBytes(path)).equals(newer)).toBe(true);
    await client.close();
  });
});
