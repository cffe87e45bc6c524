import { describe, expect, test } from '@jest/globals';

import type { Fault, PassingRecord } from './fault-proxy/fault.js';
import { placesOf, runThroughFault, type Place, type Task } from './fault-run.js';
import { downloadTask, smallDownloadsTask, smallUploadsTask, uploadTask } from './fault-tasks.js';
import { useFaultyPair } from './faulty-pair.js';

const faults: Readonly<Record<string, (record: PassingRecord) => Fault>> = {
  'is cut': () => ({ type: 'cut' }),
  'is cut within a header': () => ({ type: 'truncate', bytes: 3 }),
  'is cut within a record': ({ length }) => ({ type: 'truncate', bytes: length - 1 }),
  'is closed one way': () => ({ type: 'half-close' }),
  stalls: () => ({ type: 'stall' }),
  'is slow': () => ({ type: 'delay', until: new Promise((resolve) => setTimeout(resolve, 50)) }),
};

/**
 * Tests that transfers end whole, or fail typed and resume, whatever befalls the connection.
 *
 * @param choose - which places of a fault are tried, of all those that there are
 */
export function testTransfersThroughFaults(
  choose: (places: readonly Place[], fault: number) => readonly Place[],
): void {
  const pair = useFaultyPair();
  const tasks: [string, () => Promise<Task>][] = [
    ['a large upload', uploadTask],
    ['a large download', downloadTask(pair)],
    ['small uploads', smallUploadsTask],
    ['small downloads', smallDownloadsTask(pair)],
  ];

  describe.each(tasks)('%s', (_name, makeTask) => {
    test.each(Object.entries(faults).map(([name, fault], index) => ({ name, fault, index })))(
      'whose connection $name',
      async ({ fault, index: number }) => {
        const all = await placesOf(pair(), makeTask);
        const places = choose(all, number);
        let whole = 0;
        for (const place of places) {
          const isWhole = await runThroughFault(pair(), makeTask, place, fault).catch(
            (cause: unknown) => {
              const where = `${place.direction} ${place.index}`;
              throw new Error(`A fault at record ${where} was not survived`, { cause });
            },
          );
          // Behind the handshake, the client tries again by itself.
          if (place.index >= 3) expect({ place, isWhole }).toEqual({ place, isWhole: true });
          whole += Number(isWhole);
        }
        expect(whole).toBeGreaterThan(0);
      },
      600_000,
    );
  });
}
