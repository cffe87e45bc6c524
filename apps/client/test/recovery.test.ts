import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { hasPassphrase } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import type { Finished } from './support/program.js';
import { Terminal } from './support/terminal.js';
import { jsonLines, makeWorld, type World } from './support/world.js';

// `script` of util-linux gives a program a terminal; elsewhere it is called in another way.
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

/** Somebody with a file in his home and one in a vault that he has made, and his code on paper. */
class Loser {
  readonly world: World;
  readonly code: string;
  readonly id: string;
  /** The home of the new machine. */
  readonly home: string;

  private constructor(world: World, code: string, id: string) {
    this.world = world;
    this.code = code;
    this.id = id;
    this.home = join(world.folder, 'new');
  }

  static async create(): Promise<Loser> {
    const world = await makeWorld();
    await world.write('plan', 'the plan');
    await world.run(['vault', 'create', 'team']);
    for (const to of ['home:plan', 'team:plan']) await world.run(['send', 'plan', to]);
    const { stdout } = await world.run(['vault', 'recovery']);
    const id = (await world.run(['id'])).stdout.split('\n')[1] ?? '';
    return new Loser(world, stdout.trim(), id);
  }

  get env(): Record<string, string> {
    return { E2EEFTP_HOME: this.home };
  }

  get keyPath(): string {
    return join(this.home, 'client_id.key');
  }

  run(args: readonly string[], input?: string): Promise<Finished> {
    return this.world.run(args, { env: this.env, input });
  }

  recover(input: string, ...args: readonly string[]): Promise<Finished> {
    return this.run(['init', this.world.address, '--yes', '--recover', ...args], input);
  }
}

describe('a recovery code', () => {
  test('gives a person his files back on a new machine', async () => {
    const loser = await Loser.create();
    const { code, id } = loser;
    const typed = `\n  ${code.toLowerCase().slice(0, 30)}\r\n ${code.slice(30).replaceAll('-', ' ')}\n`;
    const { exitCode, stdout, stderr } = await loser.recover(typed);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stderr).toContain(`You are ${id} again`);
    expect(stdout).toContain('The server knows you');
    expect(`${stdout}${stderr}`).not.toContain(code.slice(0, 7));
    expect((await stat(loser.keyPath)).mode & 0o777).toBe(0o600);
    expect((await loser.run(['get', 'plan', '-'])).stdout).toBe('the plan');

    const list = await loser.run(['vault', 'list', '--json']);
    const vault = jsonLines(list.stdout).find((summary) => summary['vault'] === null)?.['id'];
    const joined = await loser.run(['vault', 'join', String(vault), '--fingerprint', id]);
    expect(joined.exitCode).toBe(0);
    expect((await loser.run(['get', 'team:plan', '-'])).stdout).toBe('the plan');
    expect((await loser.run(['vault', 'recovery'])).stdout.trim()).toBe(code);
  }, 60_000);

  test('speaks JSON, and makes a key with a passphrase if that is wanted', async () => {
    const loser = await Loser.create();
    const passphrase = join(loser.world.folder, 'passphrase');
    await writeFile(passphrase, 'open sesame', { mode: 0o600 });
    const { exitCode, stdout } = await loser.recover(
      loser.code,
      ...['--json', '--protect', '--passphrase-file', passphrase],
    );
    expect(exitCode).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'init', fingerprint: loser.id });
    expect(await hasPassphrase(loser.keyPath)).toBe(true);
  });

  test('with a mistake says where it is, and changes nothing', async () => {
    const loser = await Loser.create();
    const { code } = loser;
    const other = code[20] === 'A' ? 'B' : 'A';
    for (const [wrong, reason] of [
      [code.slice(0, 20) + other + code.slice(21), 'a wrong character in group 3'],
      [`${code.slice(0, 20)}1${code.slice(21)}`, 'in group 3 that no code has'],
      [code.slice(0, 20) + code.slice(21), '6 characters in group 3'],
      [code.slice(0, -8), '49 characters instead of 56'],
      ['A'.repeat(56), 'several wrong characters'],
      ['', 'Standard input is empty'],
      ['A '.repeat(5_000), 'too long'],
    ] as const) {
      const { exitCode, stdout, stderr } = await loser.recover(wrong);
      expect({ reason, exitCode, stdout }).toEqual({ reason, exitCode: 2, stdout: '' });
      expect(stderr).toContain(reason);
      expect(stderr).not.toContain(code.slice(0, 7));
      expect(await hasPassphrase(loser.keyPath)).toBeUndefined();
    }
  }, 60_000);

  test('takes the place of another key only by force, and that one is kept', async () => {
    const loser = await Loser.create();
    await loser.run(['id']);
    const before = await readFile(loser.keyPath, 'utf8');
    const refused = await loser.recover(loser.code);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('--force');
    expect(await readFile(loser.keyPath, 'utf8')).toBe(before);
    // A mistake is noticed before anything is done.
    expect((await loser.recover('A'.repeat(56), '--force')).exitCode).toBe(2);
    expect(await readFile(loser.keyPath, 'utf8')).toBe(before);

    const forced = await loser.recover(loser.code, '--force');
    expect(forced).toMatchObject({ exitCode: 0 });
    const [kept = ''] = (await readdir(loser.home)).filter((name) => name.endsWith('.old'));
    expect(forced.stderr).toContain(kept);
    expect(await readFile(join(loser.home, kept), 'utf8')).toBe(before);
    expect((await stat(join(loser.home, kept))).mode & 0o777).toBe(0o600);
    expect((await loser.run(['get', 'plan', '-'])).stdout).toBe('the plan');
  }, 60_000);

  test('needs no server to be typed only once', async () => {
    const loser = await Loser.create();
    await loser.world.server.close();
    const { exitCode, stderr } = await loser.recover(loser.code);
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`You are ${loser.id} again`);
    expect((await loser.run(['id'])).stdout).toContain(loser.id);
  });

  test('is for init --recover, and nothing else', async () => {
    const loser = await Loser.create();
    const alone = await loser.run(['init', loser.world.address, '--yes', '--force']);
    expect(alone.exitCode).toBe(2);
    expect(alone.stderr).toContain('--recover');
    const argument = await loser.run(['init', loser.world.address, '--recover', loser.code]);
    expect(argument.exitCode).toBe(2);
  });
});

describeOnLinux('a recovery code at a terminal', () => {
  test('is asked for without being shown, and once more where it has a mistake', async () => {
    const loser = await Loser.create();
    const { code, world, env } = loser;
    await rm(loser.home, { recursive: true, force: true });
    const line = `init ${world.address} --yes --recover --unprotected`;
    const terminal = new Terminal(world, line, { env, columns: 200 });
    await terminal.until('Recovery code:');
    const other = code.startsWith('A') ? 'B' : 'A';
    terminal.type(`${other}${code.slice(1)}\r`);
    await terminal.until('a wrong character in group 1');
    await terminal.untilLines((lines) => lines.at(-1)?.includes('Recovery code:') === true);
    terminal.type(`${code}\r`);
    const { exitCode, shown } = await terminal.end();
    expect(exitCode).toBe(0);
    expect(shown).toContain(`You are ${loser.id} again`);
    for (const group of code.split('-')) expect(shown).not.toContain(group);
    expect((await loser.run(['get', 'plan', '-'])).stdout).toBe('the plan');
  });

  test('comes from a pipe all the same', async () => {
    const loser = await Loser.create();
    await loser.world.write('../code', loser.code);
    const line = `init ${loser.world.address} --yes --recover --unprotected < ../code`;
    const terminal = new Terminal(loser.world, line, { env: loser.env, columns: 200 });
    expect((await terminal.end()).exitCode).toBe(0);
    expect((await loser.run(['get', 'plan', '-'])).stdout).toBe('the plan');
  });
});
