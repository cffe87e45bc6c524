import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { armor, Decrypter, Encrypter } from 'age-encryption';
import { describe, expect, test } from '@jest/globals';

import { formatIdentity } from '@e2eeftp/crypto';

import {
  changePassphrase,
  formatPublicKey,
  hasPassphrase,
  Identity,
  loadIdentity,
  loadOrCreateIdentity,
  parseIdentity,
  type ClientError,
} from '../../src/index.js';
import { failureOf, makeFolder } from './support.js';

const secret = 'correct horse ☃';

/** Gives the answers in turn. */
function answers(...texts: string[]): {
  passphrase: (path: string, attempt: number) => Promise<string>;
  asked: number[];
} {
  const asked: number[] = [];
  const passphrase = async (_path: string, attempt: number): Promise<string> => {
    asked.push(attempt);
    return texts[asked.length - 1] ?? 'nothing more';
  };
  return { passphrase, asked };
}

/** An age file of somebody else's making. */
async function encrypted(
  text: string,
  { workFactor = 10, passphrase = secret } = {},
): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  return armor.encode(await encrypter.encrypt(text));
}

async function keyFile(text: string): Promise<string> {
  const path = join(await makeFolder(), 'key');
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/** A key file of somebody else's making, which is cheap to open. */
async function makeProtected(): Promise<{ path: string; key: string }> {
  const identity = Identity.generate();
  const path = await keyFile(await encrypted(formatIdentity(identity)));
  return { path, key: formatPublicKey(identity.publicKey) };
}

describe('an identity with a passphrase', () => {
  test('is a key file that age opens, with the strength that is promised', async () => {
    const path = join(await makeFolder(), 'home', 'client_id.key');
    const { identity } = await loadOrCreateIdentity(path, { newPassphrase: async () => secret });
    const key = formatPublicKey(identity.publicKey);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(path, '..'))).toEqual(['client_id.key']);
    const text = await readFile(path, 'utf8');
    const binary = armor.decode(text);
    expect(Buffer.from(binary).toString('latin1')).toMatch(
      /^age-encryption\.org\/v1\n-> scrypt [A-Za-z0-9+/]{22} 17\n/u,
    );
    const decrypter = new Decrypter();
    decrypter.addPassphrase(secret);
    const pem = await decrypter.decrypt(binary, 'text');
    expect(formatPublicKey(parseIdentity(pem).publicKey)).toBe(key);
    expect(await hasPassphrase(path)).toBe(true);
    expect(text).not.toContain('PRIVATE KEY');
  });

  test('opens with it, after two wrong ones at most', async () => {
    const { path, key } = await makeProtected();
    const third = answers('one', '', secret);
    expect(formatPublicKey((await loadIdentity(path, third)).publicKey)).toBe(key);
    expect(third.asked).toEqual([1, 2, 3]);
    const fourth = answers('one', 'two', 'three', secret);
    const failure = await failureOf(loadIdentity(path, fourth));
    expect(failure).toMatchObject({ code: 'bad-identity', cause: { code: 'wrong-passphrase' } });
    expect(fourth.asked).toEqual([1, 2, 3]);
    const stubborn = answers('same', 'same', secret);
    expect((await failureOf(loadIdentity(path, stubborn))).code).toBe('bad-identity');
    expect(stubborn.asked).toEqual([1, 2]);
  }, 30_000);

  test('is not asked about where there is none', async () => {
    const path = join(await makeFolder(), 'key');
    const nobody = answers();
    await loadOrCreateIdentity(path, { ...nobody, newPassphrase: async () => undefined });
    await loadIdentity(path, nobody);
    expect(nobody.asked).toEqual([]);
    expect(await hasPassphrase(path)).toBe(false);
    expect(await hasPassphrase(`${path}.missing`)).toBeUndefined();
  });

  test('says that it needs one', async () => {
    const { path } = await makeProtected();
    const failure = await failureOf(loadIdentity(path));
    expect(failure.code).toBe('bad-identity');
    expect(failure.message).toContain('passphrase');
  });

  test('is not made with an empty one', async () => {
    const path = join(await makeFolder(), 'key');
    const failure = await failureOf(loadOrCreateIdentity(path, { newPassphrase: async () => '' }));
    expect(failure.code).toBe('bad-identity');
    expect(await hasPassphrase(path)).toBeUndefined();
  });
});

describe('a passphrase', () => {
  test('is given, changed and removed', async () => {
    const path = join(await makeFolder(), 'key');
    const { identity } = await loadOrCreateIdentity(path);
    const key = formatPublicKey(identity.publicKey);
    const plain = await readFile(path, 'utf8');
    await changePassphrase(path, async () => 'first');
    await changePassphrase(path, async () => 'second', answers('wrong', 'first'));
    const old = loadIdentity(path, answers('first', 'first'));
    expect((await failureOf(old)).code).toBe('bad-identity');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const changed = await changePassphrase(path, async () => undefined, answers('second'));
    expect(formatPublicKey(changed.publicKey)).toBe(key);
    expect(await readFile(path, 'utf8')).toBe(plain);
    expect(await readdir(join(path, '..'))).toEqual(['key']);
  }, 60_000);

  test('is not changed by who does not know it, and asked for before the new one', async () => {
    const { path } = await makeProtected();
    const before = await readFile(path, 'utf8');
    const asked: string[] = [];
    const change = changePassphrase(
      path,
      async () => {
        asked.push('new');
        return undefined;
      },
      answers('wrong', 'wrong'),
    );
    expect((await failureOf(change)).code).toBe('bad-identity');
    expect(asked).toEqual([]);
    const empty = changePassphrase(path, async () => '', answers(secret));
    expect((await failureOf(empty)).code).toBe('bad-identity');
    expect(await readFile(path, 'utf8')).toBe(before);
  }, 30_000);

  test('does not take the place of a key that was written meanwhile', async () => {
    const path = join(await makeFolder(), 'key');
    await loadOrCreateIdentity(path);
    const change = changePassphrase(path, async () => {
      await writeFile(path, 'another', { mode: 0o600 });
      return 'new';
    });
    expect((await failureOf(change)).message).toContain('meanwhile');
    expect(await readFile(path, 'utf8')).toBe('another');
    const missing = await failureOf(changePassphrase(`${path}.missing`, async () => 'new'));
    expect(missing.message).toContain('e2eeftp init');
  }, 30_000);

  test('is changed where a link leads', async () => {
    const folder = await makeFolder();
    const path = join(folder, 'key');
    await loadOrCreateIdentity(path);
    await mkdir(join(folder, 'elsewhere'));
    const link = join(folder, 'elsewhere', 'link');
    await symlink(path, link);
    await changePassphrase(link, async () => 'new');
    expect(await hasPassphrase(path)).toBe(true);
    expect((await loadIdentity(link, answers('new'))).publicKey).toHaveLength(32);
  }, 30_000);
});

describe('an age file', () => {
  test('of an SSH key is opened, too', async () => {
    const ssh = await readFile(
      new URL('../../../crypto/test/fixtures/ssh-keys/plain', import.meta.url),
      'utf8',
    );
    const path = await keyFile(await encrypted(ssh));
    expect((await loadIdentity(path, answers(secret))).publicKey).toEqual(
      parseIdentity(ssh).publicKey,
    );
  });

  test.each([19, 20, 30])('that asks for the work factor 2^%d does not get it', async (factor) => {
    const text = await encrypted('anything');
    const header = Buffer.from(armor.decode(text)).toString('latin1');
    const greedy = header.replace(/^(-> scrypt \S+) 10$/mu, `$1 ${factor}`);
    expect(greedy).not.toBe(header);
    const path = await keyFile(armor.encode(Buffer.from(greedy, 'latin1')));
    const failure = await failureOf(loadIdentity(path, answers(secret)));
    expect(failure.code).toBe('bad-identity');
    expect(failure.message).toContain(`2^${factor}`);
  });

  test('for a recipient, damaged, or with something else in it is refused', async () => {
    const { generateIdentity, identityToRecipient } = await import('age-encryption');
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(await generateIdentity()));
    const foreign = armor.encode(await encrypter.encrypt('anything'));
    const good = await encrypted('-----BEGIN PRIVATE KEY-----\n');
    const lines = good.split('\n');
    const cut = [...lines.slice(0, -3), ...lines.slice(-2)].join('\n');
    const flipped = armor.decode(good);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const nested = await encrypted(await encrypted('anything'));
    const codes: unknown[] = [];
    for (const text of [
      foreign,
      good,
      cut,
      armor.encode(flipped),
      nested,
      `${good}trailing`,
      '-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----\n',
    ]) {
      const failure: ClientError = await failureOf(
        loadIdentity(await keyFile(text), answers(secret)),
      );
      codes.push([failure.code, failure.cause instanceof Error && failure.cause.name]);
    }
    expect(codes).toEqual(codes.map(() => ['bad-identity', 'CryptoError']));
  });
});
