import { TransportError } from '../errors.js';
import type { Transport } from '../transport.js';
import {
  moreThanFits,
  pause,
  randomBytes,
  readAll,
  writeUntilStuck,
  type SuiteContext,
} from './context.js';

const piece = randomBytes(65_536, 3);

/**
 * Connections end in order or at once, and no call is left waiting.
 *
 * @param context - the suite's
 */
export function endingTests({ framework, check }: SuiteContext): void {
  const { expect } = framework;

  check('each direction ends by itself', async (left, right) => {
    await left.write([Uint8Array.of(1)]);
    await left.end();
    expect(await readAll(right)).toEqual(Uint8Array.of(1));
    expect(await right.read()).toBe(undefined);
    const content = randomBytes(3_000_000, 4);
    const answer = (async () => {
      await right.write([content]);
      await right.end();
    })();
    const [received] = await Promise.all([readAll(left), answer]);
    expect(Buffer.from(content).equals(received)).toBe(true);
    expect(await left.read()).toBe(undefined);
  });

  check('a read that waits learns of the end', async (left, right) => {
    const read = right.read();
    await left.end();
    expect(await read).toBe(undefined);
  });

  check('nothing can be written behind the end', async (left, right) => {
    await left.end();
    await left.end();
    await expect(left.write([Uint8Array.of(1)])).rejects.toMatchObject({ code: 'closed' });
    expect(await right.read()).toBe(undefined);
  });

  check('an end that nobody reads still ends all calls', async (left, right) => {
    const { stuck } = await writeUntilStuck(left, piece);
    const ended = left.end();
    const received = await readAll(right);
    await Promise.all([stuck, ended]);
    expect(received.length % piece.length).toBe(0);
  });

  check('destroying fails whatever waits, and whatever comes later', async (left, right) => {
    const read = left.read();
    const { stuck } = await writeUntilStuck(left, piece);
    left.destroy();
    left.destroy(new Error('again'));
    for (const call of [read, stuck, left.read(), left.write([piece]), left.end()]) {
      await expect(call).rejects.toMatchObject({ code: 'closed' });
    }
    right.destroy();
  });

  check('destroying can give a reason', async (left) => {
    const read = left.read();
    left.destroy(new TransportError('aborted', 'Enough'));
    await expect(read).rejects.toMatchObject({ code: 'aborted' });
    await expect(left.write([piece])).rejects.toMatchObject({ code: 'aborted' });
  });

  check('what was not read is gone once the end here is destroyed', async (left, right) => {
    await right.write([Uint8Array.of(1)]);
    expect(await left.read()).toEqual(Uint8Array.of(1));
    await right.write([Uint8Array.of(2)]);
    await right.end();
    await untilReadable();
    left.destroy();
    await expect(left.read()).rejects.toMatchObject({ code: 'closed' });
    await expect(left.read()).rejects.toMatchObject({ code: 'closed' });
  });

  check('when the other end vanishes, reading ends', async (left, right) => {
    const read = left.read();
    right.destroy();
    expect(await outcome(read)).toBe('over');
    expect(await outcome(left.read())).toBe('over');
  });

  check('when the other end vanishes, writing fails', async (left, right) => {
    right.destroy();
    const writes = (async () => {
      for (let bytes = 0; bytes < moreThanFits; bytes += piece.length) await left.write([piece]);
    })();
    await expect(writes).rejects.toMatchObject({ code: 'reset' });
    await expect(left.write([piece])).rejects.toMatchObject({ code: 'reset' });
    await expect(left.end()).rejects.toMatchObject({ code: 'reset' });
  });

  check('when the other end vanishes, a write that waits fails', async (left, right) => {
    const { stuck } = await writeUntilStuck(left, piece);
    right.destroy();
    await expect(stuck).rejects.toMatchObject({ code: 'reset' });
  });

  check('nothing moving for too long is a failure of all calls', async (left, right) => {
    const { stuck } = await writeUntilStuck(left, piece);
    const read = left.read();
    left.setIdleTimeout(60_000);
    left.setIdleTimeout(40);
    for (const call of [read, stuck]) {
      await expect(call).rejects.toMatchObject({ code: 'timed-out' });
    }
    await expect(left.read()).rejects.toMatchObject({ code: 'timed-out' });
    await expect(left.write([piece])).rejects.toMatchObject({ code: 'timed-out' });
    // The other end still gets what was on its way, then learns that nobody is there.
    for (let read = await outcome(right.read()); read !== 'over';) {
      read = await outcome(right.read());
    }
  });

  check('a slow connection is not idle, nor is one without a bound', async (left, right) => {
    left.setIdleTimeout(3_000);
    right.setIdleTimeout(3_000);
    for (let turn = 0; turn < 9; turn++) {
      // One end only reads and the other only writes: either counts.
      await right.write([Uint8Array.of(turn)]);
      expect(await left.read()).toEqual(Uint8Array.of(turn));
      await pause(400);
    }
    left.setIdleTimeout(40);
    left.setIdleTimeout(0);
    right.setIdleTimeout(0);
    await pause(120);
    await right.write([Uint8Array.of(99)]);
    expect(await left.read()).toEqual(Uint8Array.of(99));
  });

  check('an end knows whom it is connected to', async (left, right) => {
    expect(left.peer.length > 0 && right.peer.length > 0).toBe(true);
  });
}

/** Whether bytes came, or nothing comes any more: how much a vanished end tells differs. */
async function outcome(read: ReturnType<Transport['read']>): Promise<'bytes' | 'over'> {
  try {
    return (await read) ? 'bytes' : 'over';
  } catch (error) {
    if (error instanceof TransportError && error.code === 'reset') return 'over';
    throw error;
  }
}

/** Lets what was sent arrive at a reader that does not ask for it. */
async function untilReadable(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await pause(1);
}
