import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';

import { decodeCbor } from '@e2eeftp/protocol';

import { formatAgeRecipient } from '../../src/identity/age-recipient.js';
import { sealContents } from '../../src/keyring/sealed-contents.js';
import { filled } from '../support/bytes.js';
import { person } from '../support/people.js';

const contents = { vault: filled(16, 1), sequence: 3, name: 'team', secrets: [filled(32, 9)] };

/** The age program opens a file, or says why not. */
function openWithAge(
  sealed: Uint8Array,
  identity: string,
): { plaintext?: Buffer; refusal: string } {
  const folder = mkdtempSync(join(tmpdir(), 'e2eeftp-age-'));
  try {
    const [file, key] = [join(folder, 'sealed.age'), join(folder, 'key.txt')];
    writeFileSync(file, sealed);
    writeFileSync(key, `${identity}\n`, { mode: 0o600 });
    return {
      plaintext: execFileSync('age', ['-d', '-i', key, file], { stdio: 'pipe' }),
      refusal: '',
    };
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function versionOfAge(): string | undefined {
  const { stdout, status } = spawnSync('age', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().replace(/^v/u, '') : undefined;
}

/** Hybrid recipients came with age 1.3; Debian 12 has 1.1.1. */
function knowsHybrids(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 3);
}

const version = versionOfAge();

describe('the age program, which has to be installed (Debian’s package is age)', () => {
  const testIfThere = version === undefined ? test.skip : test;

  testIfThere(
    'opens the sealed part of a keyring that is sealed to an X25519 identity',
    async () => {
      const identity = await generateX25519Identity();
      const sealed = await sealContents(contents, [await identityToRecipient(identity)]);
      const { plaintext, refusal } = openWithAge(sealed, identity);
      expect(refusal).toBe('');
      expect(decodeCbor(Uint8Array.from(plaintext ?? []))).toEqual(contents);
    },
  );

  testIfThere(
    'opens it with a member’s own hybrid identity from 1.3 on, and before that says it cannot',
    async () => {
      const { sealing, card } = await person('alice');
      const sealed = await sealContents(contents, [formatAgeRecipient(card.recipient)]);
      const { plaintext, refusal } = openWithAge(sealed, sealing.exportAgeIdentity());
      if (knowsHybrids(version ?? ''))
        expect(decodeCbor(Uint8Array.from(plaintext ?? []))).toEqual(contents);
      else expect(refusal).toMatch(/unknown identity type|malformed secret key/u);
    },
  );
});
