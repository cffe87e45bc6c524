import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { fingerprint, Identity } from '@e2eeftp/server';

import { keyOf, Playground, run, type Outcome } from './support/program.js';

const alice = Identity.generate();
const bob = Identity.generate();

/** An OpenSSH line: the key behind its name, both with their lengths. */
function sshLine(identity: Identity, comment: string): string {
  const name = Buffer.from('ssh-ed25519');
  const length = (bytes: Uint8Array): Buffer => {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32BE(bytes.length);
    return buffer;
  };
  const { publicKey } = identity;
  const blob = Buffer.concat([length(name), name, length(publicKey), publicKey]);
  return `ssh-ed25519 ${blob.toString('base64')} ${comment}`;
}

let playground: Playground;
let file: string;

beforeEach(async () => {
  playground = await Playground.make();
  file = join(playground.data, 'authorized_clients.pub');
});
afterEach(async () => {
  await playground.remove();
});

function text(): Promise<string> {
  return readFile(file, 'utf8');
}

async function authorize(...args: string[]): Promise<Outcome> {
  return playground.run(['authorize', ...args]);
}

describe('authorize', () => {
  test('takes a key', async () => {
    expect(await authorize(keyOf(alice))).toEqual({
      exitCode: 0,
      stdout: `Authorized: access rw, fingerprint ${fingerprint(alice.publicKey)}`,
      stderr: '',
    });
    // Alone on its line, it could come by the first generation of the protocol too.
    expect(await text()).toBe(`${keyOf(alice)} access=rw\n`);
  });

  test('takes a name and an access', async () => {
    const { stdout } = await authorize(keyOf(alice), '--name', 'alice', '--access', 'ro');
    expect(stdout).toMatch(/^Authorized: alice, access ro, /u);
    expect(await text()).toBe(`${keyOf(alice)} name=alice access=ro\n`);
  });

  test('takes an OpenSSH line, in quotes or not, and its comment for a name', async () => {
    const line = sshLine(alice, 'alice@laptop');
    expect((await authorize(line)).stdout).toMatch(/: alice@laptop, access rw/u);
    expect(await text()).toBe(`${line}\n`);
    expect((await authorize(...sshLine(bob, 'bob at home').split(' '))).exitCode).toBe(0);
    expect((await text()).split('\n')).toHaveLength(3);
  });

  test('takes a file, of which the first line counts', async () => {
    const source = join(playground.data, 'alice.pub');
    await writeFile(source, `\n${sshLine(alice, 'alice@laptop')}\n${keyOf(bob)}\nFingerprint …\n`);
    expect((await authorize(source, '--name', 'al')).stdout).toMatch(/: al, access rw/u);
    expect(await text()).toBe(`${sshLine(alice, '').trim()} name=al\n`);
  });

  test('takes a PEM file', async () => {
    await (await playground.start()).end();
    const known = join(playground.data, 'known_server.pub');
    expect((await authorize(known)).exitCode).toBe(0);
    expect(await text()).toMatch(/^[A-Za-z0-9+/]{43}= access=rw\n$/u);
  });

  test('takes standard input', async () => {
    const { stdout } = await playground.run(['authorize', '-'], { input: `${keyOf(alice)} al\n` });
    expect(stdout).toMatch(/: al, access rw/u);
  });

  test('does not let whoever made the file choose his rights', async () => {
    const source = join(playground.data, 'evil.pub');
    await writeFile(source, `${keyOf(alice)} access=admin name=root\n`);
    expect((await authorize(source, '--access', 'ro')).stdout).toMatch(/^Authorized: access ro/u);
    expect(await text()).toBe(`${keyOf(alice)} access=ro\n`);
  });

  test('of one that is there says so, and changes nothing', async () => {
    await authorize(keyOf(alice), '--access', 'ro');
    const before = await text();
    expect(await authorize(keyOf(alice), '--access', 'ro')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Was authorized before: /u),
    });
    const other = await authorize(sshLine(alice, 'x'), '--access', 'admin');
    expect(other).toMatchObject({ exitCode: 1, stdout: '' });
    expect(other.stderr).toMatch(/access ro.*revoke it first$/u);
    expect(await text()).toBe(before);
  });

  test.each([
    [['--v1'], 'v1'],
    [['--v1', '--access', 'ro'], 'access=ro v1'],
    [['--v1', '--name', 'alice'], 'name=alice v1'],
  ])('with %j lets it come by the first generation too', async (args, options) => {
    expect((await authorize(keyOf(alice), ...args)).stdout).toMatch(/, first generation too, /u);
    expect(await text()).toBe(`${keyOf(alice)} ${options}\n`);
  });

  test('does not let whoever made the line allow himself the first generation', async () => {
    const { stdout } = await authorize(`${sshLine(alice, 'alice')} v1`);
    expect(stdout).toMatch(/^Authorized: alice, access rw, fingerprint/u);
    expect(await text()).toBe(`${sshLine(alice, 'alice')}\n`);
  });

  test('of one that may not come by the first generation says so, and changes nothing', async () => {
    await authorize(keyOf(alice));
    const before = await text();
    const outcome = await authorize(keyOf(alice), '--v1');
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/revoke it first$/u);
    expect(await text()).toBe(before);
    await writeFile(file, `${keyOf(bob)}\n`);
    expect((await authorize(keyOf(bob))).stdout).toMatch(
      /^Was authorized before: access rw, first generation too, /u,
    );
  });

  test.each([
    ['true', 0, ' v1'],
    ['1', 0, ' v1'],
    ['false', 0, ' access=rw'],
    ['0', 0, ' access=rw'],
    ['', 0, ' access=rw'],
    ['perhaps', 2, undefined],
  ])('takes the variable for --v1: %j', async (value, exitCode, rest) => {
    const env = { E2EEFTP_SERVER_V1: value };
    expect(await playground.run(['authorize', keyOf(alice)], { env })).toMatchObject({ exitCode });
    if (rest !== undefined) expect(await text()).toBe(`${keyOf(alice)}${rest}\n`);
  });

  test('keeps comments and everything else', async () => {
    const before = `# people\r\n\n  ${keyOf(bob)} name=bob  \nnonsense\n# end`;
    await writeFile(file, before);
    await authorize(keyOf(alice));
    expect(await text()).toBe(`${before}\n${keyOf(alice)} access=rw\n`);
  });

  test.each([
    [['nonsense'], /is neither a public key nor a file/u, 1],
    [['AAAA'], /is neither a public key nor a file/u, 1],
    [['.'], /Cannot read/u, 1],
    [[keyOf(alice), '--name', 'a b'], /--name must be one word/u, 2],
    [[keyOf(alice), '--name', 'a\nb'], /--name must be one word/u, 2],
    [[keyOf(alice), '--name', ''], /--name must be one word/u, 2],
    [[keyOf(alice), '--access', 'all'], /Choices: "rw"/u, 2],
    [[], /Not enough/u, 2],
  ])('refuses %j', async (args, message, exitCode) => {
    const outcome = await authorize(...args);
    expect(outcome).toMatchObject({ exitCode, stdout: '' });
    expect(outcome.stderr).toMatch(message);
    expect(await readdir(playground.data)).toEqual([]);
  });

  test('refuses files without a key, and private keys above all', async () => {
    await (await playground.start()).end();
    const privateKey = await authorize(join(playground.data, 'server_id.key'));
    expect(privateKey).toMatchObject({ exitCode: 1 });
    expect(privateKey.stderr).toMatch(/holds a private key/u);
    const empty = join(playground.data, 'empty');
    await writeFile(empty, '\n\n');
    expect((await authorize(empty)).stderr).toMatch(/holds no Ed25519 public key/u);
    const large = join(playground.data, 'large');
    await writeFile(large, Buffer.alloc(3_000_000, 'x'));
    expect((await authorize(large)).stderr).toMatch(/holds no Ed25519 public key/u);
    await expect(text()).rejects.toThrow();
  });

  test('many at once all count', async () => {
    const keys = Array.from({ length: 6 }, () => keyOf(Identity.generate()));
    const outcomes = await Promise.all(keys.map((key) => authorize(key)));
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(keys.map(() => 0));
    expect((await text()).trim().split('\n').sort()).toEqual(
      keys.map((key) => `${key} access=rw`).sort(),
    );
  });
});

describe('revoke', () => {
  beforeEach(async () => {
    await writeFile(file, `# people\n${keyOf(alice)} name=alice\n${keyOf(bob)} name=bob\n`);
  });

  test.each([
    ['its name', ['alice']],
    ['its key', [keyOf(alice)]],
    ['its OpenSSH line', sshLine(alice, 'x').split(' ')],
    ['its fingerprint', [fingerprint(alice.publicKey)]],
    ['its fingerprint in small letters', [fingerprint(alice.publicKey).toLowerCase()]],
  ])('takes a client by %s', async (_what, which) => {
    expect(await playground.run(['revoke', ...which])).toEqual({
      exitCode: 0,
      stdout: `Revoked: alice, access rw, fingerprint ${fingerprint(alice.publicKey)}`,
      stderr: '',
    });
    expect(await text()).toBe(`# people\n${keyOf(bob)} name=bob\n`);
  });

  test('of nobody fails and changes nothing', async () => {
    const before = await text();
    const outcome = await playground.run(['revoke', 'carol\u001B[2J']);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outcome.stderr).toMatch(
      /No client is called "carol\uFFFD\[2J"; `e2eeftp-server clients`/u,
    );
    expect(await text()).toBe(before);
  });

  test('of a name that two have fails and changes nothing', async () => {
    await writeFile(file, `${keyOf(alice)} name=x\n${keyOf(bob)} name=x\n`);
    const outcome = await playground.run(['revoke', 'x']);
    expect(outcome).toMatchObject({ exitCode: 1 });
    expect(outcome.stderr).toMatch(/give a fingerprint instead/u);
  });
});

describe('clients', () => {
  test('shows a table', async () => {
    await writeFile(
      file,
      `# x\n${keyOf(alice)} name=alice access=admin quota=20GB\n${keyOf(bob)}\n`,
    );
    const { exitCode, stdout, stderr } = await playground.run(['clients']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'NAME   ACCESS  V1   QUOTA  FINGERPRINT',
      `alice  admin   -    20GB   ${fingerprint(alice.publicKey)}`,
      `-      rw      yes  -      ${fingerprint(bob.publicKey)}`,
    ]);
  });

  test('names the lines that grant nothing, and fails then', async () => {
    await writeFile(file, `\n${keyOf(alice)} acess=ro\n${keyOf(bob)}\n\u001B[2J\n${keyOf(bob)}\n`);
    const { exitCode, stdout, stderr } = await playground.run(['clients']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(fingerprint(bob.publicKey));
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^authorized_clients.pub:2: The option "acess=ro" is not known/u),
      expect.stringMatching(/^authorized_clients.pub:4: /u),
      'authorized_clients.pub:5: The key stands in line 3 already',
    ]);
    expect(stderr).not.toContain('\u001B');
  });

  test('answers in JSON', async () => {
    await writeFile(file, `${keyOf(alice)} name=alice access=wo\nnonsense\n`);
    const { exitCode, stdout } = await playground.run(['clients', '--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      clients: [
        {
          name: 'alice',
          access: 'wo',
          v1: false,
          quota: null,
          fingerprint: fingerprint(alice.publicKey),
          key: keyOf(alice),
        },
      ],
      invalid: [{ line: 2, reason: expect.any(String) }],
    });
  });

  test('of nobody is an empty table', async () => {
    expect(await playground.run(['clients'])).toMatchObject({
      exitCode: 0,
      stdout: 'NAME  ACCESS  V1  QUOTA  FINGERPRINT',
    });
    expect(await readdir(playground.data)).toEqual([]);
  });
});

test('help and version are to be had', async () => {
  const help = await run(['--help']);
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  for (const word of ['start', 'authorize', 'revoke', 'clients', '--port', 'E2EEFTP_SERVER_']) {
    expect(help.stdout).toContain(word);
  }
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+$/u);
});
