import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Identity } from '@e2eeftp/server';

import { keyOf, Playground, type RunningServer } from './support/program.js';

let playground: Playground;

beforeEach(async () => {
  playground = await Playground.make();
});
afterEach(async () => {
  await playground.remove();
});

/** Has a server say much, over several connections. */
async function expectService(server: RunningServer, identity: Identity): Promise<void> {
  for (let time = 0; time < 3; time++) {
    const client = await playground.connect(server, identity);
    for (let index = 0; index < 20; index++) {
      await client.send(Buffer.from('x'), `received/${index}`, { timeout: 20_000 });
    }
    await client.close({ timeout: 20_000 });
  }
}

describe.each(['json', 'pretty'])('a server whose log is %s', (format) => {
  test('goes on serving, and ends as always, when nobody reads it any more', async () => {
    const identity = Identity.generate();
    await playground.run(['authorize', keyOf(identity)]);
    const server = await playground.start(['--log-format', format, '--log-level', 'debug']);
    await expectService(server, identity);
    server.stopReading();
    await expectService(server, identity);
    expect((await server.end('SIGTERM')).exitCode).toBe(0);
  });
});
