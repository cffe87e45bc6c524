import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ClientHome, fingerprint, formatPublicKey, Identity } from '@e2eeftp/client';
import { describe, expect, test } from '@jest/globals';

import { launch } from './support/program.js';
import { startProxy } from './support/proxy.js';
import { e2eeftp, Terminal, type TerminalOptions } from './support/terminal.js';
import { makeBytes, makeWorld, type World } from './support/world.js';

// `script` of util-linux gives a program a terminal; elsewhere it is called in another way.
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

/** A shell at a terminal, in which lines are typed one after the other. */
class Shell extends Terminal {
  static async at(world: World, args = '', options?: TerminalOptions): Promise<Shell> {
    const shell = new Shell(world, `shell ${args}`, options);
    await shell.prompted('');
    return shell;
  }

  /** Waits for a prompt with something typed behind it. */
  prompted(typed: string): Promise<void> {
    return this.screen.until(() => this.screen.typed.endsWith(`> ${typed}`));
  }

  /** Runs a line, and gives what is seen of it. */
  async run(line: string): Promise<string> {
    const above = this.screen.lines.length;
    this.type(`${line}\r`);
    await this.screen.until(
      () => this.screen.lines.length > above && this.screen.typed.endsWith('> '),
    );
    return this.screen.lines.slice(above, -1).join('\n');
  }

  /** Presses keys, and waits for what is typed then. */
  async press(keys: string, typed: string): Promise<void> {
    this.type(keys);
    await this.prompted(typed);
  }
}

const tab = '\t';
const up = '\u001B[A';
const ctrl = { c: '\u0003', d: '\u0004' } as const;

describeOnLinux('the shell at a terminal', () => {
  test('goes from folder to folder, with names relative to them', async () => {
    const world = await makeWorld();
    await world.write('letters/a.txt', 'a');
    await world.write('report.pdf', 'report');
    const shell = await Shell.at(world, '', { env: { NO_COLOR: '1' } });
    expect(shell.screen.typed).toBe('e2eeftp home:> ');
    await shell.run('put letters');
    await shell.run('cd letters');
    expect(shell.screen.typed).toBe('e2eeftp home:letters> ');
    expect(await shell.run('ls')).toBe('a.txt');
    expect(await shell.run('SEND report.pdf')).toContain('to home:letters/report.pdf');
    expect(await shell.run('LIST ..')).toBe('letters/');
    expect(await shell.run('stat /letters/a.txt')).toContain('path   home:letters/a.txt');
    await shell.run('lmkdir "new folder"');
    await shell.run("lcd 'new folder'");
    expect(await shell.run('lpwd')).toBe(join(world.work, 'new folder'));
    await shell.run('get *.txt');
    expect(await shell.run('lls')).toBe('a.txt');
    expect(await shell.run('rm nothere')).toContain('no letters/nothere in the vault home');
    await shell.run('cd plain:');
    expect(shell.screen.typed).toBe('e2eeftp plain:> ');
    await shell.run('put a.txt');
    expect(await shell.run('ls')).toBe('a.txt');
    expect(await shell.run('ls home:letters')).toContain('report.pdf');
    expect(await shell.run('mv a.txt home:')).toContain('Nothing can be moved');
    expect(await shell.run('cd nobodys:')).toContain('No vault');
    await shell.run('cd home:letters/..');
    expect(shell.screen.typed).toBe('e2eeftp home:> ');
    expect(await shell.run('cd nowhere')).toContain('e2eeftp: ');
    expect(await shell.run('cd letters/a.txt')).toContain('is a file');
    expect(await shell.run('bogus')).toContain('There is no command "bogus"');
    shell.type('EXIT\r');
    expect((await shell.end()).exitCode).toBe(0);
    expect((await world.read('new folder/a.txt')).toString()).toBe('a');
  });

  test('completes commands, options and names', async () => {
    const world = await makeWorld();
    await world.write('upload/with space.txt', '');
    await world.write('upload/winter.txt', '');
    await world.write("upload/it's", '');
    await world.write('upload/deep/er/file', '');
    await world.run(['send', 'upload']);
    const shell = await Shell.at(world);
    await shell.press(`who${tab}`, 'whoami ');
    await shell.press('\u0015', '');
    await shell.press(`SE${tab}`, 'send ');
    await shell.press(`--no-c${tab}`, 'send --no-clobber ');
    await shell.press(`up${tab}`, 'send --no-clobber upload/');
    await shell.press(`winter${tab}`, 'send --no-clobber upload/winter.txt ');
    await shell.press('\u0015', '');
    await shell.press(`get u${tab}`, 'get upload/');
    await shell.press(`w${tab}`, 'get upload/wi');
    shell.type(tab);
    await shell.shows(/winter\.txt +with\\ space\.txt/u);
    await shell.press(`t${tab}`, 'get upload/with\\ space.txt ');
    await shell.press('\u0015', '');
    await shell.press(`get "upload/wit${tab}`, 'get "upload/with space.txt" ');
    await shell.press('\u0015', '');
    await shell.press(`stat upload/i${tab}`, "stat upload/it\\'s ");
    await shell.press('\u0015', '');
    await shell.press(`cd upload/de${tab}`, 'cd upload/deep/');
    await shell.press(tab, 'cd upload/deep/er/');
    shell.type('\r');
    await shell.prompted('');
    await shell.press(`rm f${tab}`, 'rm file ');
    await shell.press('\u0015', '');
    await shell.press(`get home:upl${tab}`, 'get home:upload/');
    await shell.press('\u0015', '');
    await shell.press(`ls --identity ../h${tab}`, 'ls --identity ../home/');
    shell.type(`\u0015${ctrl.d}`);
    expect((await shell.end()).exitCode).toBe(0);
  });

  test('completes vaults and who is known, and makes no home by that', async () => {
    const world = await makeWorld();
    await world.write('letter.txt', '');
    for (const name of ['team', 'crew']) await world.run(['vault', 'create', name]);
    await world.run(['send', 'letter.txt', 'team:']);
    const { publicKey } = Identity.generate();
    await new ClientHome(world.home).vaults.tie('Anna B', fingerprint(publicKey));
    const shell = await Shell.at(world);
    const completes = async (typed: string, completed: string): Promise<void> => {
      await shell.press(`${typed}${tab}`, completed);
      await shell.press('\u0015', '');
    };
    await completes('get x', 'get x');
    await completes('get home:x', 'get home:x');
    await completes('cd te', 'cd team:');
    await completes('get team:l', 'get team:letter.txt ');
    await completes('ls pl', 'ls plain:');
    await completes('sync cr', 'sync crew:');
    await completes('sync let', 'sync letter.txt ');
    await completes('put --to ho', 'put --to home:');
    await completes('vault members c', 'vault members crew ');
    await completes('vault add crew A', String.raw`vault add crew Anna\ B `);
    await completes('vault add crew "An', 'vault add crew "Anna B" ');
    await completes('vault role --json crew bob o', 'vault role --json crew bob owner ');
    await completes('vault export crew let', 'vault export crew letter.txt ');
    await completes('vault create t', 'vault create t');
    expect(await shell.run('vault list')).not.toContain('home');
    shell.type(ctrl.d);
    expect((await shell.end()).exitCode).toBe(0);
  });

  test('does not let names control the terminal', async () => {
    const world = await makeWorld();
    // What the rules for names on the server allow turns text around, or hides; here, all is allowed.
    await world.write('bad\u001B]0;owned\u0007.txt', '');
    for (const end of ['\u202Etxt.exe', 'es1', 'es2']) await world.write(`by${end}`, '');
    await world.run(['send', 'by\u202Etxt.exe', 'byes1', 'byes2', '/']);
    const shell = await Shell.at(world);
    for (const command of ['put', 'get']) {
      await shell.press(`${command} b${tab}`, `${command} byes`);
      shell.type(tab);
      await shell.shows(/byes1 +byes2/u);
      await shell.press('\u0015', '');
      shell.type('\f');
      await shell.screen.until((text) => text === 'e2eeftp home:>');
    }
    expect(await shell.run('lls')).toContain('bad\uFFFD]0;owned\uFFFD.txt');
    expect(await shell.run('ls')).toContain('by\uFFFDtxt.exe');
    expect(await shell.run('put bad*')).toContain('a control character');
    shell.type(ctrl.d);
    await shell.end();
    expect(shell.shown).not.toMatch(/\u001B\]|\u202E|\u0007.txt/u);
  });

  test('remembers lines in a file for its user alone', async () => {
    const world = await makeWorld();
    const file = join(world.home, 'history');
    await writeFile(file, 'pwd\n\u001B]0;owned\u0007\nlpwd\n');
    await chmod(file, 0o644);
    const first = await Shell.at(world);
    await first.press(up, 'lpwd');
    await first.press(up, 'pwd');
    await first.press('\u0015', '');
    await first.run('ping');
    await first.run(' whoami');
    await first.press(up, 'ping');
    await first.press('\u0015', '');
    first.type('exit\r');
    await first.end();
    expect(await readFile(file, 'utf8')).toMatch(/lpwd\nping\nexit\n$/u);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const second = await Shell.at(world);
    await second.press(up + up, 'ping');
    second.type('\u0015\u0004');
    await second.end();
  });

  test('lets a command ask for a secret, and does not remember it', async () => {
    const world = await makeWorld();
    const options = { ...world.place, env: { HOME: world.folder } };
    await launch('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', 'key'], options);
    const shell = await Shell.at(world);
    shell.type('id --identity key\r');
    await shell.shows('Passphrase of key');
    shell.type('open sesame\r');
    await shell.shows(/[A-Za-z0-9+/]{43}=/u);
    await shell.prompted('');
    await shell.press(up, 'id --identity key');
    shell.type('\u0015\u0004');
    expect((await shell.end()).shown).not.toContain('sesame');
    expect(await readFile(join(world.home, 'history'), 'utf8')).toBe('id --identity key\n');
  });

  test('takes Ctrl-C for the end of what runs, and goes on with it later', async () => {
    const world = await makeWorld();
    const content = makeBytes(20_000_000);
    await world.run(['send', '-', 'big'], { input: content });
    await world.write('../server.pub', formatPublicKey(world.identity.publicKey));
    const proxy = await startProxy(world.server.address.port, {
      direction: 'down',
      bytes: 5_000_000,
      then: 'stall',
    });
    const shell = await Shell.at(
      world,
      `--server 127.0.0.1:${proxy.port} --server-key ../server.pub`,
    );
    shell.type('get big\r');
    await proxy.reached;
    await shell.until('%');
    shell.type(ctrl.c);
    await shell.prompted('');
    expect(shell.screen.text).toMatch(/e2eeftp: .*\n/u);
    expect((await world.names()).join(' ')).toMatch(/^\.big\.\w+\.part$/u);
    await shell.run(`get big --server ${world.address}`);
    expect((await world.read('big')).equals(content)).toBe(true);
    expect(await world.names()).toEqual(['big']);
    shell.type('exit\r');
    expect((await shell.end()).exitCode).toBe(0);
  });

  test('takes Ctrl-C at the prompt for another line', async () => {
    const world = await makeWorld();
    const shell = await Shell.at(world);
    await shell.press('rm everything', 'rm everything');
    shell.type(ctrl.c);
    await shell.shows(/\^C\n.*>$/u);
    await shell.prompted('');
    shell.type(ctrl.c);
    await shell.shows('To leave, type exit or press Ctrl-D');
    await shell.prompted('');
    shell.type(ctrl.d);
    expect((await shell.end()).exitCode).toBe(0);
  });

  test('connects again when the connection was lost', async () => {
    const world = await makeWorld();
    await world.write('../server.pub', formatPublicKey(world.identity.publicKey));
    const proxy = await startProxy(world.server.address.port, {
      direction: 'down',
      bytes: 100_000,
      then: 'break-once',
    });
    await world.run(['send', '-', 'big'], { input: makeBytes(300_000) });
    const shell = await Shell.at(
      world,
      `--server 127.0.0.1:${proxy.port} --server-key ../server.pub --retries 0`,
    );
    expect(await shell.run('get big')).toContain('e2eeftp: ');
    expect(await shell.run('ping')).toContain('The server answered');
    expect(await shell.run('get big')).toContain('Received');
    shell.type('exit\r');
    expect((await shell.end()).exitCode).toBe(0);
  });

  test('runs lines that are pasted together, and keeps what is begun', async () => {
    const world = await makeWorld();
    const shell = await Shell.at(world);
    shell.type('lmkdir one\rlmkdir two\rlmkdir thr');
    await shell.prompted('lmkdir thr');
    await shell.run('ee');
    expect(await world.names()).toEqual(['one', 'three', 'two']);
    shell.type('exit\r');
    await shell.end();
  });

  test('ends when its terminal is gone', async () => {
    const world = await makeWorld();
    const ended = join(world.folder, 'ended');
    // What starts it outlives the terminal too, and says how it has ended.
    const program = `sh -c 'trap : HUP; "$@"; echo $? > "${ended}"' sh ${e2eeftp}`;
    const shell = await Shell.at(world, '', { program });
    // `script` takes no heed of SIGHUP, and has the terminal until it is dead.
    shell.child.kill('SIGKILL');
    await shell.child;
    const code = (): Promise<string> => readFile(ended, 'utf8').catch(() => '');
    const signal = AbortSignal.timeout(60_000);
    while (!(await code()).endsWith('\n')) await delay(20, undefined, { signal });
    expect(await code()).not.toBe('0\n');
  });
});
