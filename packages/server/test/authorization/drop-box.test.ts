import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { CborMap } from '@e2eeftp/protocol';

import { Fixture, settings } from '../support/fixture.js';
import { Peer } from '../support/peer.js';

describe.each(settings)('a drop box over $way with files $files', (setting) => {
  let fixture: Fixture;
  let owner: Peer;
  let writer: Peer;

  beforeEach(async () => {
    fixture = await Fixture.start(setting);
    owner = await fixture.connect();
    writer = await fixture.connect('wo');
    await owner.send('received/plan', 'T');
    await owner.send('received/drawer/plan', 'T');
  });
  afterEach(async () => {
    await fixture.close();
  });

  /** What can be asked about a path, each with what it says when there is nothing to learn. */
  const questions: Readonly<Record<string, (path: string) => CborMap>> = {
    LIST: (path) => ({ path }),
    STAT: (path) => ({ path }),
    GET: (path) => ({ path }),
    DELETE: (path) => ({ path }),
    MKDIR: (path) => ({ path }),
    CHMOD: (path) => ({ path, mode: 0o600 }),
    RENAME: (path) => ({ from: path, to: `${path}-moved` }),
  };

  test.each(Object.keys(questions))('says the same of what is there and not: %s', async (word) => {
    const answers = [];
    for (const path of ['', 'received', 'received/plan', 'received/drawer', 'received/nothing']) {
      answers.push(await writer.call(word, questions[word]?.(path)));
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ status: 403, text: 'Not allowed', result: null })]),
    );
    expect(await owner.get('received/plan')).toBe('T');
  });

  test('says of itself what it said before anything was there', async () => {
    const ask = async (): Promise<unknown[]> => [
      await writer.call('HLIST'),
      await writer.call('WHOAMI'),
      await writer.call('PING'),
    ];
    const before = await ask();
    await owner.send('received/more', Buffer.alloc(100_000));
    expect(await ask()).toEqual(before);
    expect(JSON.stringify(before)).not.toMatch(/plan|drawer/u);
  });

  test('takes a file over one that is there as it takes a new one', async () => {
    const [over, fresh] = [
      await writer.send('received/plan', 'W'),
      await writer.send('received/new', 'W'),
    ];
    expect([over.status, fresh.status]).toEqual([226, 226]);
    expect(Object.keys(over.result as object)).toEqual(Object.keys(fresh.result as object));
    expect(await owner.get('received/plan')).toBe('W');
  });

  test('does not tell of uploads but its own', async () => {
    const upload = Buffer.alloc(16, 7);
    const begun = await fixture.connect();
    await begun.request('SEND', { path: 'received/begun', size: 10, upload }, true);
    await begun.data(Buffer.from('12345'));
    begun.transport.destroy();
    expect(await writer.call('RESUME', { upload })).toMatchObject({ status: 404 });
    expect(await writer.call('RESUME', { upload, digest: true })).toMatchObject({ status: 404 });
  });

  test('may be a folder of its own', async () => {
    const identity = fixture.authorize('wo');
    fixture.regrant(identity, { home: 'received/box' as never });
    const boxed = await Peer.connect(await fixture.open(), identity);
    expect(await boxed.send('received/plan', 'B')).toMatchObject({ status: 226 });
    expect(await boxed.call('GET', { path: 'received/plan' })).toMatchObject({ status: 403 });
    expect(await owner.get('received/plan')).toBe('T');
    expect(await owner.get('received/box/plan')).toBe('B');
  });
});
