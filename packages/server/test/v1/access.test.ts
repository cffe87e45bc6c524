import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import type { Access } from '@e2eeftp/protocol';
import { sealPayload } from '@e2eeftp/original-peer';

import { builtinCommands, defineCommand, type CommandEffect } from '../../src/index.js';
import { Fixture } from '../support/fixture.js';

/** A command of the server's owner for each thing that a command can do with the files. */
const effects: readonly CommandEffect[] = ['none', 'read', 'send', 'change'];
const owners = effects.map((effect) =>
  defineCommand({
    name: `DO_${effect.toUpperCase()}`,
    summary: 'Says that it was allowed',
    args: z.strictObject({}),
    effect,
    v1: { fields: {} },
    handler: async () => ({ status: 200, text: 'Done' }),
  }),
);
const commands = [...builtinCommands, ...owners];

const everything = ['SEND', 'GET', 'LIST', 'DELETE', 'HLIST', ...owners.map(({ name }) => name)];
const reading = ['GET', 'LIST', 'HLIST', 'DO_NONE', 'DO_READ'];
const allowed: Readonly<Record<'all' | 'read', Readonly<Record<Access, readonly string[]>>>> = {
  all: {
    rw: everything,
    admin: everything,
    ro: reading,
    wo: ['SEND', 'HLIST', 'DO_NONE', 'DO_SEND'],
  },
  read: { rw: reading, admin: reading, ro: reading, wo: ['HLIST', 'DO_NONE'] },
};

let fixture: Fixture;
afterEach(async () => {
  await fixture.close();
});

async function answersFor(access: Access): Promise<Record<string, string>> {
  const client = fixture.original(fixture.authorize(access));
  const lineFor = async (word: string): Promise<string> => {
    if (word === 'SEND') return client.send('new', Buffer.from('new'));
    if (word === 'GET') return (await client.get('f')).line;
    const { answer } = await client.exchange(word === 'DELETE' ? 'DELETE|g' : word);
    return answer.toString().split('\n')[0] ?? '';
  };
  const answers: Record<string, string> = {};
  for (const word of everything) answers[word] = await lineFor(word);
  return answers;
}

describe.each(['all', 'read'] as const)('where v1 clients may do: %s', (v1) => {
  test.each(['rw', 'ro', 'wo', 'admin'] as const)('%s is what it says, at most', async (access) => {
    fixture = await Fixture.start({ way: 'TCP', v1, commands });
    const peer = await fixture.connect();
    await peer.send('received/f', 'F');
    await peer.send('received/g', 'G');
    const answers = await answersFor(access);
    const may = allowed[v1][access];
    for (const [word, line] of Object.entries(answers)) {
      if (may.includes(word))
        expect({ word, line }).toEqual({ word, line: expect.stringMatching(/^2/u) });
      else expect({ word, line }).toEqual({ word, line: '403|Not allowed' });
    }
    expect(await peer.get('received/new')).toBe(may.includes('SEND') ? 'new' : 404);
    expect(await peer.get('received/g')).toBe(may.includes('DELETE') ? 404 : 'G');
  });
});

test('what is refused is not begun, and its payload does not disturb the answer', async () => {
  fixture = await Fixture.start({ way: 'TCP', files: 'on disk', v1: 'read' });
  const client = fixture.original();
  expect(await client.send('f', Buffer.alloc(3_000_000))).toBe('403|Not allowed');
  const forged = await client.exchange('SEND|f|80', Buffer.alloc(80));
  expect(forged.answer.toString()).toBe('500|Decryption Failed\n');
  expect(fixture.uploads).toBe(0);
  const peer = await fixture.connect();
  expect(await peer.send('received/f', 'new')).toMatchObject({ status: 226 });
  expect((await client.get('f')).content?.toString()).toBe('new');
});

test('the words that are refused are named all the same, as they always were', async () => {
  fixture = await Fixture.start({ way: 'TCP', v1: 'read' });
  expect((await fixture.original(fixture.authorize('ro')).hlist()).body).toBe(
    'SEND\nGET\nLIST\nDELETE\nHLIST',
  );
});

test('who may only send learns nothing of what is there', async () => {
  fixture = await Fixture.start({ way: 'TCP', v1: 'all' });
  const owner = fixture.original();
  await owner.send('there', Buffer.from('x'));
  const writer = fixture.original(fixture.authorize('wo'));
  for (const name of ['there', 'not-there']) {
    expect((await writer.get(name)).line).toBe('403|Not allowed');
    expect(await writer.delete(name)).toBe('403|Not allowed');
    const { answer } = await writer.exchange(`SEND|${name}|64`, (keys) =>
      sealPayload(keys, Buffer.from('y')),
    );
    expect(answer.toString()).toBe('226|Transfer Complete\n');
  }
});
