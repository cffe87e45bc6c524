import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DataDirectory, Server, type V1Options } from '@e2eeftp/server';
import { afterEach, describe, expect, test } from '@jest/globals';

import { formatPublicKey, Identity, V1Client } from '../../src/index.js';
import { failureOf, makeFolder } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';

expectNoUnhandledRejections();

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server of ours, and a client that it authorizes. */
async function startOwn(access: V1Options['access'] | 'none'): Promise<V1Client> {
  const data = await DataDirectory.open(await makeFolder());
  closers.push(() => data.close());
  const own = Identity.generate();
  await data.authorizer.add(formatPublicKey(own.publicKey));
  const { identity, authorizer, store, hellos } = data;
  const v1 = access === 'none' ? undefined : { access, hellos };
  const server = new Server({ identity, authorizer, store, v1 });
  await server.start({ port: 0 });
  closers.push(() => server.close());
  return new V1Client({
    port: server.address.port,
    identity: own,
    server: identity.publicKey,
  });
}

describe('a server of ours', () => {
  test.each([0, 1, 15, 16, 17, 65_536, 5 * 1024 * 1024])(
    'takes and gives %d bytes',
    async (size) => {
      const client = await startOwn('all');
      const bytes = randomBytes(size);
      const target = join(await makeFolder(), 'target');
      expect(await client.send(bytes, 'Akte Ä')).toEqual({ size });
      expect(await client.list()).toEqual(['Akte Ä']);
      expect(await client.get('Akte Ä', target)).toEqual({ size });
      expect((await readFile(target)).equals(bytes)).toBe(true);
      await client.remove('Akte Ä');
      expect(await client.list()).toEqual([]);
      expect((await failureOf(client.get('Akte Ä', `${target}2`))).code).toBe('not-found');
      expect(await client.commands()).toEqual(expect.arrayContaining(['SEND', 'GET', 'HLIST']));
    },
  );

  test('that may only be read refuses whatever changes it', async () => {
    const client = await startOwn('read');
    expect((await failureOf(client.send(new Uint8Array(10_000_000), 'a'))).code).toBe(
      'not-allowed',
    );
    expect((await failureOf(client.remove('a'))).code).toBe('not-allowed');
    expect(await client.list()).toEqual([]);
  });

  test('that does not speak the first generation says nothing', async () => {
    const client = await startOwn('none');
    expect((await failureOf(client.list())).code).toBe('not-authorized');
    expect((await failureOf(client.send(new Uint8Array(1000), 'a'))).code).toBe('not-authorized');
  });
});
