import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { makeWorld, type World } from './support/world.js';

const count = 1_000_000;
const megabytes = 200;
const secondsToLive = 900;

/** File systems allow a file no more names than some 65,000. */
const namesOfFile = 50_000;

/** A time that both sides see in the same way: whole seconds. */
const time = new Date(1_700_000_000_000);

/**
 * Says at the end how much memory the program has had at most. What the system counts for a process
 * (`maxRSS`) begins with what its parent has.
 */
const watch = `data:text/javascript,${encodeURIComponent(`
import { readFileSync } from 'node:fs';
process.on('exit', () => {
  let kilobytes = process.resourceUsage().maxRSS;
  try {
    kilobytes = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  } catch {}
  process.stderr.write('peak ' + kilobytes + '\\n');
});
`)}`;

/** Makes files; most are further names of others, since a million files take long to make. */
async function fill(folder: string, folders: number): Promise<void> {
  let file = '';
  const files: string[] = [];
  for (let index = 0; index < count; index++) {
    const inner = `folder-${String(index % folders).padStart(7, '0')}`;
    const place = folders === 1 ? folder : join(folder, inner);
    if (index < folders) mkdirSync(place, { recursive: true });
    const path = join(place, `file-${String(index).padStart(7, '0')}-of-a-large-tree`);
    if (index % namesOfFile === 0) {
      writeFileSync(path, '');
      files.push((file = path));
    } else {
      linkSync(file, path);
    }
  }
  for (const each of files) await utimes(each, time, time);
}

describe.each([
  ['a thousand folders', 1000],
  ['one folder', 1],
] as const)('a tree of a million names in %s', (_shape, folders) => {
  let world: World;
  let local: string;
  const peaks: Record<string, number> = {};

  beforeEach(async () => {
    world = await makeWorld();
    // The same files on both sides: the server's are in the folder that the program is shown.
    local = join(world.folder, 'data', 'received', 'tree');
    await fill(local, folders);
    await mkdir(join(world.work, 'empty'));
  }, 600_000);

  afterEach(async () => {
    await rm(world.folder, { recursive: true, force: true });
  }, 600_000);

  /** Runs the program, and says what it says at the end. */
  async function summaryOf(...args: readonly string[]): Promise<string> {
    const shown = args.join(' ').replaceAll(local, 'TREE');
    // A million lines are nothing to be kept here.
    const line = `NODE_OPTIONS="--import=${watch}" e2eeftp ${args.join(' ')} > /dev/null`;
    const { stderr, exitCode } = await world.shell(line, { secondsToLive });
    expect({ shown, exitCode }).toEqual({ shown, exitCode: 0 });
    const kilobytes = Number(/^peak (\d+)$/mu.exec(stderr)?.[1]);
    peaks[shown] = Math.round((kilobytes * 1024) / 1e5) / 10;
    return stderr;
  }

  test(
    `takes less than ${megabytes} MB, whatever is done with it`,
    async () => {
      const send = await summaryOf('send', '--dry-run', local, 'plain:copy');
      expect(send).toContain(`Would send ${count} files`);
      const get = await summaryOf('get', '--dry-run', 'plain:tree', 'new');
      expect(get).toContain(`Would receive ${count} files`);
      const up = await summaryOf('sync', local, 'plain:tree');
      expect(up).toContain(`${count} unchanged`);
      const down = await summaryOf('sync', 'plain:tree', local);
      expect(down).toContain(`${count} unchanged`);
      const remove = ['--delete', '--force', '--dry-run', 'empty', 'plain:tree'];
      const removed = folders === 1 ? count : count + folders;
      expect(await summaryOf('sync', ...remove)).toContain(`${removed} to be removed`);
      process.stdout.write(`Peaks in MB: ${JSON.stringify(peaks)}\n`);
      for (const [what, peak] of Object.entries(peaks)) {
        expect({ what, isBounded: peak < megabytes }).toEqual({ what, isBounded: true });
      }
    },
    secondsToLive * 5000,
  );
});
