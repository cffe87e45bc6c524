import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Identity } from '@e2eeftp/server';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { keyOf, Playground, run, type RunOptions } from './support/program.js';

interface Finding {
  readonly verdict: 'ok' | 'warning' | 'wrong';
  readonly subject: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

interface Report {
  readonly exitCode: number | undefined;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

let playground: Playground;

beforeEach(async () => {
  playground = await Playground.make();
});
afterEach(async () => {
  await playground.remove();
});

async function check(args: readonly string[] = [], options?: RunOptions): Promise<Report> {
  const outcome = await playground.run(['check', '--json', '--port', '0', ...args], options);
  expect(outcome.stderr).toBe('');
  return {
    exitCode: outcome.exitCode,
    ...(JSON.parse(outcome.stdout) as Omit<Report, 'exitCode'>),
  };
}

function wrong({ findings }: Report): readonly Finding[] {
  return findings.filter(({ verdict }) => verdict === 'wrong');
}

async function authorize(): Promise<void> {
  await playground.run(['authorize', keyOf(Identity.generate())]);
}

/** Everything in a folder, with what a change would change. */
async function snapshot(directory: string): Promise<unknown> {
  const names = (await readdir(directory, { recursive: true })).sort();
  return Promise.all(
    ['.', ...names].map(async (name) => {
      const { ino, size, mode, mtimeMs, ctimeMs } = await stat(join(directory, name));
      return [name, ino, size, mode, mtimeMs, ctimeMs];
    }),
  );
}

test('all is well with a new folder, and nothing is made in it', async () => {
  const before = await snapshot(playground.data);
  const report = await check();
  expect(report).toMatchObject({ exitCode: 0, ok: true });
  expect(new Set(report.findings.map(({ subject }) => subject))).toEqual(
    new Set(['configuration', 'data directory', 'server key', 'authorized clients', 'port']),
  );
  expect(await snapshot(playground.data)).toEqual(before);
  const missing = await run(['check', '--port', '0', '--data', join(playground.data, 'a/b')]);
  expect(missing).toMatchObject({ exitCode: 0 });
  expect(missing.stdout).toMatch(
    /^OK {7}data directory: .*a\/b is missing; the first start makes it$/mu,
  );
  expect(await readdir(playground.data)).toEqual([]);
});

test('beside a server that runs it finds nothing wrong, and changes nothing', async () => {
  await authorize();
  const server = await playground.start(['--metrics', '127.0.0.1:0']);
  const metrics = server.log.find(({ msg }) => msg === 'serving metrics')?.['port'];
  const before = await snapshot(playground.data);
  const report = await check([
    '--port',
    `${server.port}`,
    '--metrics',
    `127.0.0.1:${String(metrics)}`,
  ]);
  expect(wrong(report)).toEqual([]);
  const inUse = report.findings.filter(({ message }) => message.includes('is in use'));
  expect(inUse.map(({ subject }) => subject)).toEqual(['port', 'metrics']);
  expect(await snapshot(playground.data)).toEqual(before);
  expect(server.log.map(({ level }) => level)).not.toContain('error');
  await server.end('SIGKILL');
  // What a server has left that died is no server.
  const afterwards = await check(['--port', `${server.port}`]);
  expect(afterwards.findings.find(({ subject }) => subject === 'port')?.message).toMatch(
    /is free/u,
  );
});

test('every mistake of every file is named with its line', async () => {
  const config = join(playground.data, 'server.toml');
  await writeFile(config, 'prot = 1\ndrain = "x"\n\n[x]\nlog-level = \n');
  const clients = join(playground.data, 'authorized_clients.pub');
  await writeFile(clients, `# x\nnonsense\n${keyOf(Identity.generate())} acess=ro\n`);
  await writeFile(join(playground.data, 'server_id.key'), 'nonsense', { mode: 0o644 });
  const env = { E2EEFTP_SERVER_IDLE_TIMEOUT: 'x', E2EEFTP_SERVER_LOGLEVEL: 'info' };
  const report = await check(['--config', config, '--on-upload', '/nowhere/x'], { env });
  expect(report).toMatchObject({ exitCode: 1, ok: false });
  expect(wrong(report).map(({ file, line, message }) => [file, line, message])).toEqual([
    [undefined, undefined, expect.stringMatching(/^E2EEFTP_SERVER_IDLE_TIMEOUT must be/u)],
    [config, 1, 'prot is no setting; did you mean port?'],
    [config, 2, expect.stringMatching(/^drain must be a time/u)],
    [config, 4, expect.stringMatching(/^x is a table/u)],
    [config, 5, expect.stringMatching(/^is no TOML/u)],
    [undefined, undefined, expect.stringMatching(/server_id\.key is no usable private key/u)],
    [undefined, undefined, expect.stringMatching(/other users can/u)],
    [clients, 2, expect.any(String)],
    [clients, 3, expect.stringMatching(/^The option "acess=ro"/u)],
    [undefined, undefined, expect.stringMatching(/^there is no program \/nowhere\/x/u)],
  ]);
  const warnings = report.findings.filter(({ verdict }) => verdict === 'warning');
  expect(warnings.map(({ message }) => message)).toContain(
    'the variable E2EEFTP_SERVER_LOGLEVEL means nothing; did you mean E2EEFTP_SERVER_LOG_LEVEL?',
  );
});

describe('the configuration', () => {
  test('that cannot be read is wrong, and the rest is looked at all the same', async () => {
    const report = await check(['--config', join(playground.data, 'missing.toml')]);
    expect(wrong(report)).toMatchObject([{ subject: 'configuration' }]);
    expect(report.findings.length).toBeGreaterThan(4);
  });

  test('that others can change is told of', async () => {
    const config = join(playground.data, 'server.toml');
    await writeFile(config, '');
    await chmod(config, 0o666);
    const { exitCode, findings } = await check(['--config', config]);
    expect(exitCode).toBe(0);
    expect(findings).toContainEqual(
      expect.objectContaining({
        verdict: 'warning',
        message: expect.stringMatching(/chmod go-w/u),
      }),
    );
  });

  test.each([
    [['--port', 'x'], /--port must be a number/u],
    [['--prot', '1'], /Unknown argument: prot/u],
  ])('%j is not understood', async (args, message) => {
    const outcome = await playground.run(['check', ...args]);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toMatch(message);
  });
});

describe('the data directory', () => {
  test('that is a file, or below one', async () => {
    const file = join(playground.data, 'file');
    await writeFile(file, '');
    for (const data of [file, join(file, 'x')]) {
      const { exitCode, stdout } = await run(['check', '--port', '0', '--data', data]);
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/^WRONG {4}data directory: /mu);
    }
  });

  test('that nobody can write to', async () => {
    const { exitCode, stdout } = await run(['check', '--port', '0', '--data', '/proc/e2eeftp/x']);
    expect(exitCode).toBe(1);
    // Root may do anything there but keep a file.
    expect(stdout).toMatch(
      /^WRONG {4}data directory: (?:.* cannot be made in|the disk has room)/mu,
    );
  });

  test('with links in the place of folders', async () => {
    await mkdir(join(playground.data, 'elsewhere'));
    await symlink('elsewhere', join(playground.data, 'received'));
    await writeFile(join(playground.data, 'vaults'), '');
    expect(wrong(await check()).map(({ message }) => message)).toEqual([
      expect.stringMatching(/received is no folder; make it a folder/u),
      expect.stringMatching(/vaults is no folder; make it a folder/u),
    ]);
  });
});

describe('the key', () => {
  beforeEach(async () => {
    await (await playground.start()).end();
  });

  test('is never shown', async () => {
    const outcome = await playground.run(['check', '--json', '--port', '0']);
    const [, body = ''] = (await readFile(join(playground.data, 'server_id.key'), 'utf8')).split(
      '\n',
    );
    expect(outcome.stdout).toContain('is good and private');
    expect(outcome.stdout).not.toContain(body);
  });

  test('that others can read', async () => {
    await chmod(join(playground.data, 'server_id.key'), 0o640);
    expect(wrong(await check())).toMatchObject([
      { subject: 'server key', message: expect.stringMatching(/`chmod 600`/u) },
    ]);
  });

  test('that is lost, while clients know it', async () => {
    await rm(join(playground.data, 'server_id.key'));
    expect(wrong(await check())).toMatchObject([
      {
        message: expect.stringMatching(/is missing, while known_server\.pub is there; restore it/u),
      },
    ]);
  });

  test('that is another than clients know', async () => {
    await writeFile(join(playground.data, 'known_server.pub'), 'x');
    const report = await check();
    expect(report.exitCode).toBe(0);
    expect(report.findings.find(({ subject }) => subject === 'server key')).toMatchObject({
      verdict: 'warning',
    });
  });
});

describe('addresses', () => {
  test('in use by others', async () => {
    const other = await Playground.make();
    try {
      const { port } = await other.start();
      const address = `127.0.0.1:${port}`;
      const report = await check(['--port', `${port}`, '--metrics', address]);
      expect(wrong(report).map(({ subject }) => subject)).toEqual(['port', 'metrics']);
      expect(wrong(await check(['--metrics', address]))).toMatchObject([
        { message: expect.stringMatching(/EADDRINUSE\); another program uses it/u) },
      ]);
    } finally {
      await other.remove();
    }
  });

  test('of another machine', async () => {
    expect(wrong(await check(['--host', '203.0.113.1']))).toMatchObject([
      { subject: 'port', message: expect.stringMatching(/it is no address of this machine/u) },
    ]);
  });
});

describe('hooks', () => {
  test('that can be run, and web addresses, whose secrets are not shown', async () => {
    const url = 'http://example.org/uploads?token=hunter2';
    const report = await check(['--on-upload', 'sh -c x', '--on-upload-url', url]);
    expect(report.exitCode).toBe(0);
    const hooks = report.findings.filter(({ subject }) => subject === 'hooks');
    expect(hooks).toMatchObject([
      { verdict: 'ok', message: expect.stringMatching(/^\/.*\/sh can be run$/u) },
      { verdict: 'ok', message: 'uploads are posted to http://example.org/uploads' },
      { verdict: 'warning', message: expect.stringMatching(/use https/u) },
    ]);
  });

  test('that may not be run', async () => {
    const file = join(playground.data, 'program');
    await writeFile(file, '');
    for (const command of [file, playground.data, 'no-such-program-anywhere']) {
      expect(wrong(await check(['--on-upload', command]))).toMatchObject([{ subject: 'hooks' }]);
    }
  });
});

test('what people read holds no control characters', async () => {
  await writeFile(join(playground.data, 'authorized_clients.pub'), 'x\u001B[2J\u202Ey\n');
  const { stdout } = await playground.run(['check', '--port', '0']);
  expect(stdout).toMatch(/^WRONG {4}authorized clients: .*authorized_clients\.pub:1: /mu);
  expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});
