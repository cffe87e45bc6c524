import { setImmediate } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import type { CborMap } from '@e2eeftp/protocol';

import { RequestRates } from '../../src/admission/request-rates.js';
import { builtinCommands, defineCommand } from '../../src/index.js';
import { Fixture, settings } from '../support/fixture.js';
import { Peer } from '../support/peer.js';

let fixture: Fixture;
afterEach(async () => {
  await fixture.close();
});

/** Sends requests in one piece, so that the server has all of them when it begins with the first. */
async function askTogether(peer: Peer, ...requests: [string, CborMap][]): Promise<void> {
  const records = requests.flatMap(([command, args]) =>
    peer.session.request({ command, args, body: false }),
  );
  await peer.transport.write([Buffer.concat(records)]);
}

async function namesIn(peer: Peer): Promise<string[]> {
  const { result } = await peer.call('LIST', { path: 'received' });
  return (result as { entries: { path: string }[] }).entries.map(({ path }) => path);
}

const changes: [string, CborMap][] = [
  ['MKDIR', { path: 'received/made' }],
  ['RENAME', { from: 'received/kept', to: 'received/moved' }],
  ['DELETE', { path: 'received/kept' }],
];

describe.each(settings)('of who is removed over $way with files $files', (setting) => {
  test('nothing is done that waited behind another request', async () => {
    let begun = 0;
    let release: (() => void) | undefined;
    const gate = defineCommand({
      name: 'GATE',
      summary: 'Waits, whatever happens',
      args: z.strictObject({}),
      effect: 'none',
      handler: () => {
        begun += 1;
        return new Promise((resolve) => {
          release = () => resolve({ status: 200 });
        });
      },
    });
    fixture = await Fixture.start({ ...setting, commands: [...builtinCommands, gate] });
    const owner = await fixture.connect();
    await owner.send('received/kept', 'K');
    const identity = fixture.authorize();
    const peer = await Peer.connect(await fixture.open(), identity);
    await askTogether(peer, ['GATE', {}], ...changes);
    while (begun === 0) await setImmediate();
    fixture.revoke(identity);
    expect(await peer.ending()).toBe('cut off');
    release?.();
    await fixture.untilConnections(1);
    expect(await namesIn(owner)).toEqual(['kept']);
  });

  test('nothing is done that waited for its rate', async () => {
    let asked = 0;
    const rates = new RequestRates(1 / 3600);
    fixture = await Fixture.start({
      ...setting,
      pacing: {
        turnOf: async (identity, signal) => {
          asked++;
          await rates.turnOf(identity, signal);
        },
      },
    });
    const identity = fixture.authorize();
    const peer = await Peer.connect(await fixture.open(), identity);
    await peer.request('PING');
    expect(await peer.answer()).toMatchObject({ status: 200 });
    await askTogether(peer, ...changes);
    while (asked < 2) await setImmediate();
    fixture.revoke(identity);
    expect(await peer.ending()).toBe('cut off');
    await fixture.untilConnections(0);
    await expect(fixture.store.stat('received/made' as never)).rejects.toThrow();
  });
});
