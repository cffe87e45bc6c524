import { readdir } from 'node:fs/promises';

import { formatPublicKey } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import { startProxy } from './support/proxy.js';
import { finished, start, untilSaid } from './support/program.js';
import { makeBytes, makeWorld, type World } from './support/world.js';

async function through(
  world: World,
  direction: 'up' | 'down',
): Promise<{ reached: Promise<void>; options: string[] }> {
  await world.write('../server.pub', formatPublicKey(world.identity.publicKey));
  const proxy = await startProxy(world.server.address.port, {
    direction,
    bytes: 5_000_000,
    then: 'stall',
  });
  return {
    reached: proxy.reached,
    options: ['--server', `127.0.0.1:${proxy.port}`, '--server-key', '../server.pub'],
  };
}

describe('an interruption', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'of a download leaves nothing half: %s',
    async (signal) => {
      const world = await makeWorld();
      const content = makeBytes(20_000_000);
      await world.write('big', content);
      await world.run(['send', 'big']);
      await world.write('big', 'the older one');
      const { reached, options } = await through(world, 'down');
      const child = start(['get', 'big', ...options], world.place);
      await reached;
      expect((await readdir(world.work)).length).toBe(2);
      child.kill(signal);
      const { exitCode, stderr } = finished(await child);
      expect(exitCode).toBe(130);
      expect(stderr).toMatch(/^e2eeftp: .*\n$/u);
      expect((await world.read('big')).toString()).toBe('the older one');
      // What has come may be kept under another name, and the next run goes on with it.
      expect((await world.names()).join(' ')).toMatch(/^(?:\.big\.\w+\.part )?big$/u);
      expect((await world.run(['get', 'big'])).exitCode).toBe(0);
      expect((await world.read('big')).equals(content)).toBe(true);
      expect(await world.names()).toEqual(['big']);
    },
  );

  test('of a folder leaves nothing half', async () => {
    const world = await makeWorld();
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await world.write(`tree/${name}`, makeBytes(2_000_000));
    await world.run(['send', 'tree']);
    const { reached, options } = await through(world, 'down');
    const child = start(['get', 'tree', 'back', ...options], world.place);
    await reached;
    child.kill('SIGINT');
    expect(finished(await child).exitCode).toBe(130);
    const { stdout } = await world.shell(
      'find back -type f -size -2000000c ! -name ".*.part" | wc -l',
    );
    expect(stdout).toBe('0\n');
  });

  test('of an upload leaves nothing half', async () => {
    const world = await makeWorld();
    await world.run(['send', '-', 'big'], { input: 'the older one' });
    await world.write('big', makeBytes(20_000_000));
    const { reached, options } = await through(world, 'up');
    const child = start(['send', 'big', ...options], world.place);
    await reached;
    child.kill('SIGINT');
    expect(finished(await child).exitCode).toBe(130);
    expect((await world.run(['get', 'big', '-'])).stdout).toBe('the older one');
  });

  test('of an upload that waits for its source works, too', async () => {
    const world = await makeWorld();
    const options = { ...world.place, input: { isOpen: true } } as const;
    const child = start(['send', '-', 'endless', '--verbose'], options);
    await untilSaid(child, 'connected');
    child.kill('SIGINT');
    expect(finished(await child).exitCode).toBe(130);
    expect((await world.run(['ls'])).stdout).toBe('');
  });

  test('comes to its end when it is repeated', async () => {
    const world = await makeWorld();
    await world.run(['send', '-', 'big'], { input: makeBytes(20_000_000) });
    const { reached, options } = await through(world, 'down');
    const child = start(['get', 'big', '-', ...options], world.place);
    await reached;
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(finished(await child).exitCode).toBe(130);
  });
});

describe('a reader that leaves', () => {
  test('ends a listing quietly', async () => {
    const world = await makeWorld();
    for (let index = 0; index < 1000; index++)
      await world.write(`tree/${'n'.repeat(140)}${index}`, '');
    expect((await world.run(['send', 'tree', '-q'])).exitCode).toBe(0);
    for (const more of ['', '--json', '-l']) {
      const { exitCode, stdout, stderr } = await world.shell(
        `e2eeftp ls tree ${more} | head -n 1; echo \${PIPESTATUS[0]}`,
      );
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/\n0\n$/u);
      expect(stderr).toBe('');
    }
  }, 60_000);

  test('ends a download quietly, but not as a success', async () => {
    const world = await makeWorld();
    await world.run(['send', '-', 'big'], { input: makeBytes(5_000_000) });
    const { stdout, stderr } = await world.shell(
      'e2eeftp get big - | head -c 1 | wc -c; echo ${PIPESTATUS[0]}',
    );
    expect(stdout).toBe('1\n1\n');
    expect(stderr).toBe('');
  });

  test('of the progress does not stop a transfer', async () => {
    const world = await makeWorld();
    for (let index = 0; index < 500; index++)
      await world.write(`tree/${'n'.repeat(140)}${index}`, 'x');
    const { stdout } = await world.shell(
      'e2eeftp send tree --json | head -n 1 > /dev/null; echo ${PIPESTATUS[0]}',
    );
    expect(stdout).toBe('0\n');
    expect((await world.shell('e2eeftp ls tree | wc -l')).stdout).toBe('500\n');
  });
});
