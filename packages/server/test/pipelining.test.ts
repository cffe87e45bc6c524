import { describe, expect, test } from '@jest/globals';

import { settings, type Fixture } from './support/fixture.js';
import type { Peer } from './support/peer.js';
import { serveEach } from './support/serve-each.js';

describe.each(settings)('pipelined requests over $way with files $files', (setting) => {
  let fixture: Fixture;
  let peer: Peer;
  serveEach(setting, (served) => {
    ({ fixture, peer } = served);
  });

  /** Sends all before it reads an answer, except what the network does not take. */
  async function pipeline<Result>(
    ask: () => Promise<void>,
    count: number,
    answer: () => Promise<Result>,
  ): Promise<Result[]> {
    const asked = ask();
    const answers: Result[] = [];
    for (let index = 0; index < count; index++) answers.push(await answer());
    await asked;
    return answers;
  }

  test('a thousand requests are answered in their order', async () => {
    await peer.send('received/f', '0123456789');
    const ask = async (): Promise<void> => {
      for (let index = 0; index < 1000; index++) {
        if (index % 3 === 0) await peer.request('PING');
        else if (index % 3 === 1)
          await peer.request('GET', { path: 'received/f', offset: index % 10 });
        else await peer.request(`NO${index}`);
      }
    };
    const answers = await pipeline(ask, 1000, () => peer.answer());
    for (const [index, { status, body }] of answers.entries()) {
      expect(status).toBe([200, index % 10 === 0 ? 200 : 206, 400][index % 3]);
      expect(body?.bytes.toString()).toBe(
        index % 3 === 1 ? '0123456789'.slice(index % 10) : undefined,
      );
    }
  });

  test('many small files arrive, each with its own content', async () => {
    const count = 300;
    const ask = async (): Promise<void> => {
      for (let index = 0; index < count; index++) {
        await peer.offer(`received/${index % 7}/${index}`, `content ${index}`);
      }
    };
    const answers = await pipeline(ask, count, () => peer.answer());
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([226]));
    for (let index = 0; index < count; index += 13) {
      expect(await peer.get(`received/${index % 7}/${index}`)).toBe(`content ${index}`);
    }
  });

  test('files sent to one path take effect in their order', async () => {
    const count = 60;
    const ask = async (): Promise<void> => {
      for (let index = 0; index < count; index++) {
        await peer.offer('received/same', `version ${index}`);
        await peer.offer(`received/other${index}`, 'x'.repeat(index));
      }
    };
    await pipeline(ask, 2 * count, () => peer.answer());
    expect(await peer.get('received/same')).toBe(`version ${count - 1}`);
  });

  test('of files sent to one path that must be new, the first is kept', async () => {
    const ask = async (): Promise<void> => {
      for (let index = 0; index < 20; index++) {
        await peer.offer('received/new', `${index}`, { overwrite: 'never' });
      }
    };
    const answers = await pipeline(ask, 20, () => peer.answer());
    expect(answers.map(({ status }) => status)).toEqual([226, ...Array<number>(19).fill(409)]);
    expect(await peer.get('received/new')).toBe('0');
  });

  test('changes see all files that were sent before them', async () => {
    const ask = async (): Promise<void> => {
      for (let index = 0; index < 20; index++) await peer.offer(`received/d/${index}`, `${index}`);
      await peer.request('RENAME', { from: 'received/d/19', to: 'received/moved' });
      await peer.request('DELETE', { path: 'received/d', recursive: true });
      await peer.request('LIST', { path: 'received' });
      await peer.offer('received/d/again', 'x');
      await peer.request('MKDIR', { path: 'received/d/again/below' });
      await peer.request('GET', { path: 'received/d/again' });
    };
    const answers = await pipeline(ask, 26, () => peer.answer());
    expect(answers.slice(0, 20).every(({ status }) => status === 226)).toBe(true);
    expect(answers.slice(20).map(({ status }) => status)).toEqual([200, 200, 200, 226, 409, 200]);
    const { entries } = answers[22]?.result as { entries: { path: string }[] };
    expect(entries.map(({ path }) => path)).toEqual(['moved']);
    expect(await peer.get('received/moved')).toBe('19');
  });

  test('what reads sees what was sent before, and not what comes later', async () => {
    const ask = async (): Promise<void> => {
      for (let index = 0; index < 30; index++) {
        await peer.offer('received/f', `${index}`);
        await peer.request('GET', { path: 'received/f' });
        await peer.request('STAT', { path: 'received/f' });
      }
    };
    const answers = await pipeline(ask, 90, () => peer.answer());
    for (let index = 0; index < 30; index++) {
      expect(answers[3 * index + 1]?.body?.bytes.toString()).toBe(`${index}`);
      expect(answers[3 * index + 2]?.result).toMatchObject({ size: `${index}`.length });
    }
  });

  test('what was asked before a close is answered, and the server says goodbye', async () => {
    for (let index = 0; index < 10; index++) await peer.offer(`received/${index}`, `${index}`);
    await peer.transport.write(peer.session.close());
    await peer.transport.end();
    for (let index = 0; index < 10; index++) expect((await peer.answer()).status).toBe(226);
    expect(await peer.ending()).toEqual({ status: 200, text: 'OK' });
  });

  test('a client that does not read its answers is answered when it does', async () => {
    await peer.send('received/big', Buffer.alloc(1_000_000, 'b'));
    for (let index = 0; index < 30; index++) await peer.request('GET', { path: 'received/big' });
    const other = await fixture.connect();
    expect(await other.call('PING')).toMatchObject({ status: 200 });
    for (let index = 0; index < 30; index++) {
      expect((await peer.answer()).body?.end).toEqual({ ok: true, size: 1_000_000 });
    }
  });
});
