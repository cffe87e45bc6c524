import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { TaskThreads, type TaskThreadsOptions } from '../src/index.js';

const compiled = new URL('../dist/index.js', import.meta.url);

/** Doubles numbers; what is negative fails, `stuck` never ends, `die` ends the thread. */
const source = `
  import { threadId } from 'node:worker_threads';
  import { serveTasks } from ${JSON.stringify(compiled.href)};
  serveTasks((task) => {
    if (task === 'die') process.exit(3);
    if (task === 'stuck') for (;;);
    if (task === 'thread') return { doubled: new Float64Array([threadId]) };
    if (task < 0) throw Object.assign(new RangeError('negative'), { code: 'ERANGE', syscall: 'double' });
    return { doubled: new Float64Array([2 * task]) };
  }, ({ doubled }) => [doubled.buffer]);`;

type Task = number | 'die' | 'stuck' | 'thread';
type Threads = TaskThreads<Task, { doubled: Float64Array }>;

let folder: string;
let script: URL;
const open: Threads[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2eeftp-threads-'));
  await writeFile(join(folder, 'thread.mjs'), source);
  script = pathToFileURL(join(folder, 'thread.mjs'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((threads) => threads.close()));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

function start(options: Omit<TaskThreadsOptions, 'script'>): Threads {
  const threads: Threads = new TaskThreads({ script, ...options });
  open.push(threads);
  return threads;
}

async function numberOf(result: Promise<{ doubled: Float64Array }>): Promise<number | undefined> {
  return (await result).doubled[0];
}

describe.each([{ threads: 1 }, { threads: 3 }, { threads: 3, spreads: true }])('%j', (options) => {
  test('does whatever is asked for, and each hears of its own', async () => {
    const threads = start(options);
    const tasks = Array.from({ length: 100 }, (_, index) => index);
    const doubled = await Promise.all(tasks.map((task) => numberOf(threads.run(task))));
    expect(doubled).toEqual(tasks.map((task) => 2 * task));
  });

  test('a task that fails keeps its code, and stops no other', async () => {
    const threads = start(options);
    const [good, bad, alsoGood] = await Promise.allSettled(
      [1, -1, 2].map((task) => threads.run(task)),
    );
    expect([good?.status, alsoGood?.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(bad).toMatchObject({
      reason: { message: 'negative', code: 'ERANGE', syscall: 'double' },
    });
  });

  test('a thread that dies gives way to another', async () => {
    const threads = start(options);
    expect(await numberOf(threads.run(1))).toBe(2);
    const dying = threads.run('die');
    await expect(dying).rejects.toThrow('A thread died');
    expect(await numberOf(threads.run(4))).toBe(8);
  });

  test('what is not done when the threads are closed fails', async () => {
    const threads = start(options);
    const stuck = threads.run('stuck');
    const waiting = threads.run(1);
    const failures = Promise.allSettled([stuck, waiting]);
    await setImmediate();
    await threads.close();
    for (const outcome of await failures) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message: /closed/u } });
    }
    await expect(threads.run(1)).rejects.toThrow('closed');
  });
});

test('tasks that keep a thread busy are spread over several', async () => {
  const threads = start({ threads: 2, spreads: true });
  const ids = await Promise.all([1, 2].map(() => numberOf(threads.run('thread'))));
  expect(new Set(ids).size).toBe(2);
});

test('tasks that mostly wait share a thread as long as it takes more', async () => {
  const threads = start({ threads: 4 });
  const ids = await Promise.all(Array.from({ length: 50 }, () => numberOf(threads.run('thread'))));
  expect(new Set(ids).size).toBe(1);
});

test('threads that have nothing to do keep no program alive', async () => {
  const program = `
    const { TaskThreads } = await import(${JSON.stringify(fileURLToPath(compiled))});
    const threads = new TaskThreads({ script: new URL(${JSON.stringify(script.href)}), threads: 2 });
    console.log((await threads.run(21)).doubled[0]);`;
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout).toBe('42\n');
});

test('a script that cannot run fails what is asked of it', async () => {
  const missing: Threads = new TaskThreads({
    script: pathToFileURL(join(folder, 'missing.mjs')),
    threads: 1,
  });
  open.push(missing);
  await expect(missing.run(1)).rejects.toThrow('A thread died');
});
