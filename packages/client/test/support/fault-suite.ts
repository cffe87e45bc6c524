import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import {
  longPatience,
  placesOf,
  runThroughFault,
  shortPatience,
  type Place,
  type Task,
  type Trouble,
} from './fault-run.js';
import { useFaultyPair, type FaultyPair } from './faulty-pair.js';

const patient = (befall: Trouble['befall']): Trouble => ({ befall, patience: longPatience });

const troubles: Readonly<Record<string, Trouble>> = {
  'is cut': patient(() => ({ type: 'cut' })),
  'is cut within a header': patient(() => ({ type: 'truncate', bytes: 3 })),
  'is cut within a record': patient(({ length }) => ({ type: 'truncate', bytes: length - 1 })),
  'is closed one way': patient(() => ({ type: 'half-close' })),
  stalls: { befall: () => ({ type: 'stall' }), patience: shortPatience },
  'is slow': patient(() => ({ type: 'delay', until: delay(50) })),
};

/**
 * Tests that transfers end whole, or fail typed and resume, whatever befalls the connection.
 *
 * @param makeTasks - what is done, by its name
 * @param choose - which places of a fault are tried, of all those that there are
 */
export function testTransfersThroughFaults(
  makeTasks: (pair: () => FaultyPair) => Readonly<Record<string, () => Promise<Task>>>,
  choose: (places: readonly Place[], fault: number) => readonly Place[],
): void {
  const pair = useFaultyPair();

  describe.each(Object.entries(makeTasks(pair)))('%s', (_name, makeTask) => {
    test.each(Object.entries(troubles).map(([name, trouble], index) => ({ name, trouble, index })))(
      'whose connection $name',
      async ({ trouble, index: number }) => {
        const all = await placesOf(pair(), makeTask);
        const places = choose(all, number);
        expect(places.length).toBeGreaterThan(0);
        for (const place of places) {
          const isWhole = await runThroughFault(pair(), makeTask, place, trouble).catch(
            (cause: unknown) => {
              const where = `${place.direction} ${place.index}`;
              throw new Error(`A fault at record ${where} was not survived`, { cause });
            },
          );
          // Behind the handshake, the client tries again by itself.
          if (place.index >= 3 && trouble.patience === longPatience)
            expect({ place, isWhole }).toEqual({ place, isWhole: true });
        }
      },
      600_000,
    );
  });
}
