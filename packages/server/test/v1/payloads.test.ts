import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import {
  openPayload,
  payloadLength,
  sealPayload,
  type Keys,
  type OriginalClient,
} from '@e2eeftp/original-peer';

import { Fixture } from '../support/fixture.js';

const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/v1.json', import.meta.url), 'utf8'),
) as { rejected_payloads: Record<string, string> };

const tagLength = 32;
const file = Buffer.from('what the client meant to send');

function withTag(keys: Keys, sealed: Uint8Array): Buffer {
  const tag = createHmac('sha256', keys.authentication).update(sealed).digest();
  return Buffer.concat([sealed, tag]);
}

function flipped(bytes: Buffer, index: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(index) ^ 1, index);
  return copy;
}

/** Each kind of payload that the vectors want refused, made with the connection's own keys. */
const kinds: Record<string, (keys: Keys) => Buffer> = {
  iv_bit_flipped: (keys) => flipped(sealPayload(keys, file), 0),
  ciphertext_bit_flipped: (keys) => flipped(sealPayload(keys, file), 20),
  tag_bit_flipped: (keys) => {
    const payload = sealPayload(keys, file);
    return flipped(payload, payload.length - 1);
  },
  truncated_by_one: (keys) => sealPayload(keys, file).subarray(0, -1),
  one_byte_longer: (keys) => Buffer.concat([sealPayload(keys, file), Buffer.of(0)]),
  shorter_than_a_tag: (keys) => sealPayload(keys, file).subarray(0, 40),
  ciphertext_not_whole_blocks_but_tag_right: (keys) =>
    withTag(keys, sealPayload(keys, file).subarray(0, -tagLength - 1)),
};

/** More of them. */
const more: Record<string, (keys: Keys) => Buffer> = {
  nothing: () => Buffer.alloc(0),
  'one byte': () => Buffer.alloc(1),
  zeros: () => Buffer.alloc(payloadLength(file.length)),
  'no ciphertext, but a right tag': (keys) => withTag(keys, randomBytes(16)),
  'a block too few': (keys) => sealPayload(keys, Buffer.alloc(100)).subarray(0, -16),
  'padding of no bytes, but a right tag': (keys) => badlyPadded(keys, 0),
  'padding of seventeen bytes, but a right tag': (keys) => badlyPadded(keys, 17),
  'other keys': () =>
    sealPayload({ encryption: randomBytes(32), authentication: randomBytes(32) }, file),
  'the keys the wrong way round': ({ encryption, authentication }) =>
    sealPayload({ encryption: authentication, authentication: encryption }, file),
  'a large file with a bit flipped at its end': (keys) => {
    const payload = sealPayload(keys, Buffer.alloc(3_000_000, 'x'));
    return flipped(payload, payload.length - tagLength - 1);
  },
};

function badlyPadded(keys: Keys, padding: number): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', keys.encryption, iv).setAutoPadding(false);
  const block = Buffer.alloc(32, padding);
  return withTag(keys, Buffer.concat([iv, cipher.update(block), cipher.final()]));
}

test('every kind of payload that the vectors want refused is tried', () => {
  expect(Object.keys(kinds)).toEqual(Object.keys(vectors.rejected_payloads));
});

describe.each(['on disk', 'in memory'] as const)('with files %s, a payload', (files) => {
  let fixture: Fixture;
  let client: OriginalClient;
  afterEach(async () => {
    await fixture.close();
  });

  async function start(fileSize?: number): Promise<void> {
    const limits = fileSize === undefined ? {} : { fileSize };
    fixture = await Fixture.start({ way: 'TCP', files, v1: 'all', limits });
    client = fixture.original();
    expect(await client.send('f', Buffer.from('older'))).toBe('226|Transfer Complete');
  }

  async function expectOlder(): Promise<void> {
    expect((await client.get('f')).content?.toString()).toBe('older');
    expect((await client.list()).body).toBe('f');
    if (fixture.directory !== undefined) {
      expect(await readdir(`${fixture.directory}/.e2eeftp/uploads`)).toEqual([]);
    }
  }

  async function answerTo(name: string, make: (keys: Keys) => Buffer): Promise<string> {
    const connection = await client.connect();
    try {
      await connection.writeRaw(connection.hello);
      await connection.readHello();
      const payload = make(connection.keys!);
      await connection.writeRaw(Buffer.from(`SEND|${name}|${payload.length}\n`));
      await connection.writeRaw(payload);
      return (await connection.readAll()).toString();
    } finally {
      connection.close();
    }
  }

  test.each(Object.entries({ ...kinds, ...more }))(
    'that is not what the client sealed is refused, and nothing of it is stored: %s',
    async (_kind, make) => {
      await start();
      for (const name of ['f', 'new']) {
        expect(await answerTo(name, make)).toBe('500|Decryption Failed\n');
      }
      await expectOlder();
      // It is the client's doing or somebody's on the way, so no failure of the server.
      expect(fixture.logged('refused a payload that is not authentic')).toHaveLength(2);
      expect(fixture.log.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );

  test('from another connection is refused', async () => {
    await start();
    const { keys } = await client.exchange('HLIST');
    expect(await answerTo('new', () => sealPayload(keys, file))).toBe('500|Decryption Failed\n');
    await expectOlder();
  });

  test.each([0, 1, 15, 16, 17, 48, 63])(
    'of 64 bytes that stops after %d is not answered, and nothing of it is stored',
    async (length) => {
      await start();
      for (const name of ['f', 'new']) {
        const connection = await client.connect();
        await connection.writeRaw(connection.hello);
        await connection.readHello();
        const payload = sealPayload(connection.keys!, Buffer.from('short'));
        expect(payload.length).toBe(64);
        await connection.writeRaw(Buffer.from(`SEND|${name}|64\n`));
        await connection.writeRaw(payload.subarray(0, length));
        connection.socket.end();
        expect((await connection.readAll()).toString()).toBe('');
        connection.close();
      }
      await fixture.untilConnections(0);
      expect(fixture.uploads).toBe(3);
      await expectOlder();
    },
  );

  test('whose client resets the connection leaves nothing', async () => {
    await start();
    const connection = await client.connect();
    await connection.writeRaw(connection.hello);
    await connection.readHello();
    const payload = sealPayload(connection.keys!, Buffer.alloc(2_000_000));
    await connection.writeRaw(Buffer.from(`SEND|f|${payload.length}\n`));
    await connection.writeRaw(payload.subarray(0, 1_500_000));
    connection.socket.resetAndDestroy();
    await fixture.untilConnections(0);
    expect(fixture.log.filter(({ level }) => level === 'error')).toEqual([]);
    await expectOlder();
  });

  test('that cannot be stored in the end is answered, and leaves nothing', async () => {
    await start();
    const connection = await client.connect();
    await connection.writeRaw(connection.hello);
    await connection.readHello();
    const payload = sealPayload(connection.keys!, file);
    await connection.writeRaw(Buffer.from(`SEND|new|${payload.length}\n`));
    await connection.writeRaw(payload.subarray(0, 50));
    const peer = await fixture.connect();
    while (fixture.uploads < 2) await peer.call('PING');
    await peer.call('MKDIR', { path: 'received/new' });
    await connection.writeRaw(payload.subarray(50));
    expect((await connection.readAll()).toString()).toBe('409|Conflict\n');
    connection.close();
    await expectOlder();
  });

  test('with more behind it is answered, and the rest thrown away', async () => {
    await start();
    const { answer } = await client.exchange(`SEND|f|${payloadLength(3)}`, (keys) =>
      Buffer.concat([sealPayload(keys, Buffer.from('new')), Buffer.alloc(500_000, 'LIST\n')]),
    );
    expect(answer.toString()).toBe('226|Transfer Complete\n');
    expect((await client.get('f')).content?.toString()).toBe('new');
  });

  test('of a file that is too large is refused before it comes', async () => {
    await start(1000);
    // 1000 bytes and 1007 have payloads of one length, so the last bytes decide.
    for (const size of [1001, 1007]) {
      expect(await client.send('f', Buffer.alloc(size))).toBe('413|Too large');
    }
    expect(fixture.uploads).toBe(3);
    for (const length of [payloadLength(1008), 10_000_000, Number.MAX_SAFE_INTEGER]) {
      const { answer } = await client.exchange(`SEND|f|${length}`);
      expect(answer.toString()).toBe('413|Too large\n');
    }
    expect(fixture.uploads).toBe(3);
    await expectOlder();
    expect(await client.send('f', Buffer.alloc(1000))).toBe('226|Transfer Complete');
    expect((await client.get('f')).content?.length).toBe(1000);
  });
});

test('what a client gets cannot be altered unnoticed, and is sealed anew each time', async () => {
  const fixture = await Fixture.start({ way: 'TCP', v1: 'all' });
  try {
    const client = fixture.original();
    await client.send('f', file);
    const first = await client.exchange('GET|f');
    const second = await client.exchange('GET|f');
    const [one, two] = [first, second].map(({ answer }) => answer.subarray('200|80\n'.length));
    expect(openPayload(first.keys, one!)).toEqual(file);
    expect(one!.subarray(0, 16)).not.toEqual(two!.subarray(0, 16));
    expect(() => openPayload(second.keys, one!)).toThrow(
      expect.objectContaining({ code: 'bad-payload' }),
    );
  } finally {
    await fixture.close();
  }
});
