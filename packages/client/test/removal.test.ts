import { describe, expect, test } from '@jest/globals';

import { connect, type Client, type ClientErrorCode } from '../src/index.js';
import { failureOf } from './home/support.js';
import { startBreakingPair, type BreakingPair, type Line } from './support/breaking-pair.js';
import { scripted, type Script } from './support/scripted-server.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

interface Losing {
  readonly client: Client;
  readonly line: Line;
  readonly other: Client;
}

/**
 * A client that is about to lose the way to the server in the middle of its next removal.
 *
 * @param pair - the server, with a client that nothing disturbs
 * @param path - what it will remove
 * @param lost - whether the request is lost, or its answer
 * @param meanwhile - what happens between that and the next attempt
 */
async function losing(
  { client: other, join }: BreakingPair,
  path: string,
  lost: 'request' | 'answer',
  meanwhile: (other: Client) => Promise<unknown> = () => Promise.resolve(),
): Promise<Losing> {
  const { client, line } = await join();
  line.beforeOpening = () => meanwhile(other);
  const before = { ...line.passed };
  await client.stat(path);
  // As much passes as for the look that precedes the removal.
  const { up, down } = line.passed;
  if (lost === 'request') line.cut('up', up - before.up);
  else line.cut('down', down - before.down);
  return { client, line, other };
}

describe('a removal that is attempted again', () => {
  test('has succeeded when what it removed is gone, and only its answer was lost', async () => {
    const pair = await startBreakingPair();
    await pair.client.send(Buffer.from('a'), 'received/a');
    const { client, line, other } = await losing(pair, 'received/a', 'answer');
    await client.remove('received/a');
    expect(line.opened).toBe(2);
    expect((await failureOf(other.stat('received/a'))).code).toBe('not-found');
    expect((await failureOf(client.remove('received/a'))).code).toBe('not-found');
    await client.close();
  });

  test('succeeds when nothing of the first one has reached the server', async () => {
    const pair = await startBreakingPair();
    await pair.client.send(Buffer.from('a'), 'received/a');
    const { client, line, other } = await losing(pair, 'received/a', 'request');
    await client.remove('received/a');
    expect(line.opened).toBe(2);
    expect((await failureOf(other.stat('received/a'))).code).toBe('not-found');
    await client.close();
  });

  test.each(['request', 'answer'] as const)(
    'keeps the file that somebody has put there since, whatever was lost: the %s',
    async (lost) => {
      const pair = await startBreakingPair();
      await pair.client.send(Buffer.from('old'), 'received/a');
      const { client, line, other } = await losing(pair, 'received/a', lost, (somebody) =>
        somebody.send(Buffer.from('new'), 'received/a'),
      );
      expect((await failureOf(client.remove('received/a'))).code).toBe('conflict');
      expect(line.opened).toBe(2);
      expect((await other.getBytes('received/a')).toString()).toBe('new');
      await client.remove('received/a');
      await client.close();
    },
  );

  test('keeps the folder that somebody has put there since, and what is in it', async () => {
    const pair = await startBreakingPair();
    await pair.client.send(Buffer.from('old'), 'received/d/a');
    const { client, other } = await losing(pair, 'received/d', 'answer', (somebody) =>
      somebody.send(Buffer.from('new'), 'received/d/a'),
    );
    const removing = client.remove('received/d', { recursive: true });
    expect((await failureOf(removing)).code).toBe('conflict');
    expect((await other.getBytes('received/d/a')).toString()).toBe('new');
    await client.close();
  });
});

describe('a removal of one version', () => {
  test('is of no other', async () => {
    const { client } = await startBreakingPair();
    const first = await client.send(Buffer.from('old'), 'received/a');
    const second = await client.send(Buffer.from('new'), 'received/a');
    const remove = (etag: string): Promise<void> => client.remove('received/a', { etag });
    expect((await failureOf(remove(first.etag))).code).toBe('conflict');
    expect((await client.getBytes('received/a')).toString()).toBe('new');
    await remove(second.etag);
    expect((await failureOf(remove(second.etag))).code).toBe('not-found');
    await client.close();
  });
});

describe('what the server is asked for', () => {
  interface Asked {
    readonly command: string;
    readonly etag: unknown;
  }

  /**
   * A client whose first DELETE is answered with a status, or not at all, and any other with 404.
   */
  async function clientOf(status: number | undefined, asked: Asked[]): Promise<Client> {
    const play =
      (last: number | undefined): Script =>
      async (server) => {
        await server.welcome();
        for (;;) {
          const { command, args } = await server.request();
          asked.push({ command, etag: args['etag'] });
          if (command === 'STAT') {
            const entry = { path: 'received/a', type: 'file', size: 1, mtime: 0, etag: 'seen' };
            await server.respond(200, entry);
          } else if (last === undefined) {
            server.transport.destroy();
            return;
          } else {
            await server.respond(last);
            last = 404;
          }
        }
      };
    const { options } = scripted(play(status), play(404));
    return connect({ ...options, connections: 1 });
  }

  const look = { command: 'STAT', etag: undefined };
  const anything = { command: 'DELETE', etag: undefined };
  const seen = { command: 'DELETE', etag: 'seen' };
  const named = { command: 'DELETE', etag: 'named' };

  test.each<[number | undefined, boolean, ClientErrorCode | undefined]>([
    [undefined, true, undefined],
    [408, true, undefined],
    [503, true, undefined],
    [429, false, 'not-found'],
  ])('behind %s may have happened (%s), so that "not found" is %s', async (status, may, code) => {
    const asked: Asked[] = [];
    const client = await clientOf(status, asked);
    const removing = client.remove('received/a');
    const outcome = await removing.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(outcome).toEqual(code && expect.objectContaining({ code }));
    expect(asked).toEqual([look, anything, may ? seen : anything]);
    await client.close({ timeout: 0 });
  });

  test('is not looked for first by who names a version', async () => {
    const asked: Asked[] = [];
    const client = await clientOf(503, asked);
    await client.remove('received/a', { etag: 'named' });
    expect(asked).toEqual([named, named]);
    await client.close({ timeout: 0 });
  });
});
