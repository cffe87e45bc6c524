import { mkdir, writeFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { formatIdentity, Identity } from '@e2eeftp/crypto';
import { OriginalClient, startOriginalServer } from '@e2eeftp/original-peer';

import { inTemporaryDirectory } from '../store/temporary-directory.js';
import { Fixture } from '../support/fixture.js';

type Step =
  | { readonly kind: 'send'; readonly name: string; readonly content: Uint8Array }
  | { readonly kind: 'forge'; readonly name: string }
  | { readonly kind: 'get' | 'delete'; readonly name: string }
  | { readonly kind: 'list' | 'hlist' }
  | { readonly kind: 'line'; readonly line: string };

const name = fc.constantFrom('a', 'b.txt', 'with space', 'grüße', '日本', '..a', "it's");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('send' as const),
    name,
    content: fc.uint8Array({ maxLength: 100 }),
  }),
  fc.record({ kind: fc.constantFrom('get' as const, 'delete' as const), name }),
  fc.record({ kind: fc.constantFrom('list' as const, 'hlist' as const) }),
  fc.record({ kind: fc.constant('forge' as const), name }),
  fc.record({
    kind: fc.constant('line' as const),
    line: fc.oneof(
      fc.constantFrom('', ' ', 'LIST ', ' list', 'HLIST\r', 'gEt|a', 'delete|a ', 'GET|a\t'),
      fc.constantFrom('SEND', 'SEND|a', 'SEND|a|x', 'SEND|a|', 'SEND|a|1.5', 'GET', 'DELETE'),
      fc.constantFrom('STAT|a', 'PING', 'x', '|', '||', '|LIST', 'LISTS', 'HLIST LIST', 'toString'),
    ),
  }),
);

/** All that a client learns from a server, but for what is random. */
async function learn(client: OriginalClient, taken: Step): Promise<unknown> {
  switch (taken.kind) {
    case 'send':
      return client.send(taken.name, taken.content);
    case 'forge':
      return (await client.exchange(`SEND|${taken.name}|64`, Buffer.alloc(64))).answer.toString();
    case 'delete':
      return client.delete(taken.name);
    case 'get': {
      const { line, content } = await client.get(taken.name);
      return { line, content: content?.toString('hex') };
    }
    case 'list': {
      const { line, body } = await client.list();
      return { line, names: body?.split('\n').sort() };
    }
    case 'hlist':
      return client.hlist();
    case 'line': {
      const { answer } = await client.exchange(taken.line);
      // A payload is sealed anew each time, and names come in the order of the disk.
      return /^200\|\d+\n/u.exec(answer.toString())?.[0] ?? answer.toString();
    }
  }
}

test('whatever clients do, they hear what a server of the original says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      await inTemporaryDirectory(async (directory) => {
        const identity = Identity.generate();
        const key = Buffer.from(identity.publicKey).toString('base64');
        await mkdir(`${directory}/received`);
        await writeFile(`${directory}/authorized_clients.pub`, key);
        const original = await startOriginalServer({ directory });
        const fixture = await Fixture.start({ way: 'TCP', files: 'on disk', v1: 'all' });
        try {
          const ours = fixture.original();
          const theirs = new OriginalClient({
            port: original.port,
            clientKeyPem: formatIdentity(identity),
            serverPublicPem: original.publicPem,
            timeout: 20_000,
          });
          for (const taken of steps) {
            expect(await learn(ours, taken)).toEqual(await learn(theirs, taken));
          }
        } finally {
          await fixture.close();
          await original.close();
        }
      });
    }),
    { numRuns: 40 },
  );
});
