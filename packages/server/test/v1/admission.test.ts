import { readFileSync } from 'node:fs';

import { afterEach, describe, expect, test } from '@jest/globals';

import { fingerprint, formatIdentity, Identity } from '@e2eeftp/crypto';
import { handshakeHello } from '@e2eeftp/original-peer';

import { Fixture } from '../support/fixture.js';
import { untilHungUp } from '../support/peer.js';

const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/v1.json', import.meta.url), 'utf8'),
) as { client: { identity_seed: string }; rejected_client_hellos: Record<string, string> };

const list = Buffer.from('LIST\n');

let fixture: Fixture;
afterEach(async () => {
  await fixture.close();
});

function helloOf(identity: Identity): Buffer {
  return handshakeHello(formatIdentity(identity)).bytes;
}

/** Says something and counts the bytes that come back until the server hangs up. */
async function bytesFor(...parts: Uint8Array[]): Promise<number> {
  const transport = await fixture.open();
  await transport.write(parts);
  return untilHungUp(transport);
}

describe.each(['TCP', 'memory'] as const)('over %s', (way) => {
  test('a client that is authorized comes in', async () => {
    fixture = await Fixture.start({ way, v1: 'all' });
    const identity = fixture.authorize();
    expect(await bytesFor(helloOf(identity), list)).toBe(132 + '200|0\n'.length);
    expect(fixture.logged('command')).toMatchObject([
      {
        level: 'info',
        fields: { generation: 1, client: fingerprint(identity.publicKey), command: 'LIST' },
      },
    ]);
  });

  test('a stranger hears nothing, and the log says who it was', async () => {
    fixture = await Fixture.start({ way, v1: 'all' });
    const stranger = Identity.generate();
    expect(await bytesFor(helloOf(stranger), list)).toBe(0);
    expect(fixture.logged('refused a client that is not authorized')).toMatchObject([
      { level: 'warn', fields: { generation: 1, client: fingerprint(stranger.publicKey) } },
    ]);
  });

  test('a key that is not marked for it hears nothing, and the log says what to do', async () => {
    fixture = await Fixture.start({ way, v1: 'all' });
    const identity = fixture.authorize();
    fixture.regrant(identity, { v1: false });
    expect(await bytesFor(helloOf(identity), list)).toBe(0);
    expect(fixture.log.map(({ message }) => message).join()).toMatch(/write v1 behind its key/u);
  });

  test('a hello is good for one connection', async () => {
    fixture = await Fixture.start({ way, v1: 'all' });
    const hello = helloOf(fixture.authorize());
    expect(await bytesFor(hello, list)).toBeGreaterThan(132);
    for (let turn = 0; turn < 3; turn++) expect(await bytesFor(hello, list)).toBe(0);
    expect(
      fixture.logged('refused a hello that was used before: somebody may have recorded it'),
    ).toHaveLength(3);
  });

  test('a hello that was used and led to nothing is used', async () => {
    fixture = await Fixture.start({ way, v1: 'all' });
    const hello = helloOf(fixture.authorize());
    const transport = await fixture.open();
    await transport.write([hello]);
    await transport.read();
    transport.destroy();
    expect(await bytesFor(hello, list)).toBe(0);
  });

  test('of many that come with one hello at once, one at most is let in', async () => {
    fixture = await Fixture.start({ way, v1: 'all', limits: { delaysFailures: false } });
    for (let turn = 0; turn < 10; turn++) {
      const hello = helloOf(fixture.authorize());
      const heard = await Promise.all(Array.from({ length: 6 }, () => bytesFor(hello, list)));
      expect(heard.filter((bytes) => bytes > 0).length).toBeLessThan(2);
    }
  });

  test.each(Object.entries(vectors.rejected_client_hellos))(
    'a hello of the vectors is refused: %s',
    async (_name, hex) => {
      fixture = await Fixture.start({ way, v1: 'all' });
      const identity = new Identity(Buffer.from(vectors.client.identity_seed, 'hex'));
      fixture.regrant(identity, { v1: true });
      expect(await bytesFor(Buffer.from(hex, 'hex'), list)).toBe(0);
      // Nothing was noted: the client’s own hello with the same key would still be good.
      expect(await bytesFor(helloOf(identity), list)).toBeGreaterThan(132);
      expect(fixture.logged('connection failed')).toEqual([]);
    },
  );

  test.each([0, 1, 127, 129, 0x8000, 0x80_0000, 0x8000_0000, 0xffff_ffff])(
    'a hello that says it has %d bytes is refused at its fourth',
    async (length) => {
      fixture = await Fixture.start({ way, v1: 'all', limits: { handshakeTimeout: 1e8 } });
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(length);
      expect(await bytesFor(prefix)).toBe(0);
      await fixture.untilConnections(0);
    },
  );

  test('whatever is of neither generation is refused', async () => {
    fixture = await Fixture.start({ way, v1: 'all', limits: { handshakeTimeout: 1e8 } });
    for (const text of [
      'GET / HTTP/1.1\r\n\r\n',
      'SSH-2.0-x\r\n',
      '\n\n\n\n',
      'e2fT',
      '\u0000\u0000\u0000\u0000',
    ]) {
      expect(await bytesFor(Buffer.from(text))).toBe(0);
    }
    await fixture.untilConnections(0);
    expect(fixture.logged('connection failed')).toEqual([]);
  });

  test.each([0, 1, 2, 3, 4, 5, 131])('a connection of %d bytes ends with them', async (length) => {
    fixture = await Fixture.start({ way, v1: 'all', limits: { handshakeTimeout: 1e8 } });
    const transport = await fixture.open();
    await transport.write([helloOf(fixture.authorize()).subarray(0, length)]);
    await transport.end();
    expect(await untilHungUp(transport)).toBe(0);
    await fixture.untilConnections(0);
    expect(fixture.logged('connection failed')).toEqual([]);
  });

  test('without the option, its clients hear nothing at once, and the log names it', async () => {
    fixture = await Fixture.start({ way, limits: { handshakeTimeout: 1e8 } });
    const hello = helloOf(fixture.authorize());
    for (const part of [hello.subarray(0, 4), hello, Buffer.concat([hello, list])]) {
      expect(await bytesFor(part)).toBe(0);
    }
    await fixture.untilConnections(0);
    const warnings = fixture.log.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(3);
    for (const { message } of warnings) expect(message).toContain('--allow-v1');
  });

  test('clients of the second generation come in with the option and without', async () => {
    for (const v1 of ['all', 'read', undefined] as const) {
      fixture = await Fixture.start({ way, ...(v1 && { v1 }) });
      const identity = fixture.authorize();
      fixture.regrant(identity, { v1: false });
      expect(await (await fixture.connect()).call('PING')).toMatchObject({ status: 200 });
      if (v1 !== undefined) await fixture.close();
    }
  });
});
