import { Identity, type CryptoBackend } from '@e2eeftp/crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  vaultSizes,
  FileHeadReader,
  FileOpener,
  VaultError,
  type VaultErrorCode,
} from '../../src/index.js';
import { backends } from '../support/backends.js';
import { byteByByte, contentOf, flipBit, hex, joined, sha256 } from '../support/bytes.js';
import { errorOf, expectCode } from '../support/errors.js';
import { Impostor, rewritten } from '../support/forgeries.js';
import {
  chunk,
  entry,
  open,
  otherEntry,
  payloadStart,
  readerSeed,
  seal,
  sealedChunk,
  vault,
  fixedOpeningAccess,
  wrapKeyOf,
  writerSeed,
} from '../support/files.js';
import { vectorFile, type Vector } from '../support/vectors.js';

const head = vaultSizes.fileHeader + 16;
const short = contentOf('short', 40);
const long = contentOf('long', 2 * chunk + 900);

describe.each(backends)('%s', (_name, backend) => {
  const access = fixedOpeningAccess(backend);
  const shortStored = seal(backend, short);
  const longStored = seal(backend, long);
  const start = payloadStart(longStored, long.length);

  /** Why a file is refused, having made sure that nothing but its true beginning was given out. */
  function refusal(stored: Uint8Array, original: Uint8Array, place = entry): VaultErrorCode {
    const given: Uint8Array[] = [];
    const error = errorOf(() => open(access, [stored], place, (part) => given.push(part)));
    const content = joined(given);
    expect(sha256(content)).toBe(sha256(original.subarray(0, content.length)));
    if (!error) throw new Error('the file was accepted');
    return error.code;
  }

  test('no bit of a file can be turned', () => {
    const codes = new Set<string>();
    for (let bit = 0; bit < shortStored.length * 8; bit += backend.name === 'node' ? 1 : 7) {
      codes.add(refusal(flipBit(shortStored, bit), short));
    }
    // A turned bit can make another epoch of a digit, so that one is a matter of the keyring.
    const possible = ['chunk-altered', 'header-altered', 'malformed', 'not-this-place'];
    for (const code of codes) expect([...possible, 'unknown-epoch']).toContain(code);
    for (const code of possible) expect(codes).toContain(code);
  });

  test('no bit of a chunk can be turned, and no altered chunk is given out', () => {
    fc.assert(
      fc.property(fc.integer({ min: start * 8, max: longStored.length * 8 - 1 }), (bit) => {
        const given: Uint8Array[] = [];
        const altered = flipBit(longStored, bit);
        expectCode('chunk-altered', () =>
          open(access, [altered], entry, (part) => given.push(part)),
        );
        expect(given.length).toBe(Math.floor(((bit >>> 3) - start) / sealedChunk));
      }),
      { numRuns: 12 },
    );
  });

  test('a file that stops anywhere is refused', () => {
    for (let length = 0; length < shortStored.length; length++) {
      const code = refusal(shortStored.slice(0, length), short);
      expect(code).toBe(expectedCode(length));
    }
    function expectedCode(length: number): VaultErrorCode {
      if (length < vaultSizes.fileHeader) return 'truncated';
      return length < head + 16 + 64 ? 'size-impossible' : 'chunk-altered';
    }
  });

  test('a file that the server cuts off, having told its whole length, is refused', () => {
    for (const length of [
      0,
      5,
      head - 1,
      head,
      start + 1,
      start + sealedChunk,
      longStored.length - 1,
    ]) {
      const storedSize = longStored.length;
      const reader = new FileHeadReader(access, { entry, storedSize });
      const used = reader.receive(longStored.subarray(0, length));
      const finish = (): void => {
        const opener = new FileOpener(reader.finish());
        drain(opener.receive(longStored.subarray(used, length)));
        opener.finish();
      };
      expectCode('truncated', finish);
    }
  });

  test('a file that stops between chunks is known as such', () => {
    for (const chunks of [1, 2]) {
      const cut = longStored.slice(0, start + chunks * sealedChunk);
      expect(refusal(cut, long)).toBe('truncated');
    }
  });

  test('nothing can follow a file', () => {
    for (const length of [1, 15, 16, 17, 100, sealedChunk, 2 * sealedChunk]) {
      const code = refusal(joined([shortStored, new Uint8Array(length)]), short);
      expect(['chunk-altered', 'size-impossible']).toContain(code);
    }
    const full = contentOf('full', chunk - 64);
    const stored = seal(backend, full);
    expect(refusal(joined([stored, stored.subarray(head)]), full)).toBe('extended');
    const reader = new FileHeadReader(access, { entry, storedSize: stored.length });
    const used = reader.receive(stored);
    const opener = new FileOpener(reader.finish());
    drain(opener.receive(stored.subarray(used)));
    expectCode('extended', () => [...opener.receive(Uint8Array.of(0))]);
    expectCode('misuse', () => {
      opener.finish();
    });
  });

  test('chunks cannot change places, be repeated or left out', () => {
    const chunks = [0, 1, 2].map((index) =>
      longStored.slice(start + index * sealedChunk, start + (index + 1) * sealedChunk),
    ) as [Uint8Array, Uint8Array, Uint8Array];
    const [first, second, last] = chunks;
    const made = (...order: Uint8Array[]): Uint8Array =>
      joined([longStored.subarray(0, start), ...order]);
    expect(refusal(made(second, first, last), long)).toBe('chunk-altered');
    expect(refusal(made(first, first, last), long)).toBe('chunk-altered');
    expect(refusal(made(first, last), long)).toBe('chunk-altered');
    expect(refusal(made(first, second, second, last), long)).toBe('chunk-altered');
    expect(refusal(made(last), long)).toBe('chunk-altered');
  });

  test('nothing of one file fits into another, even of the same content and place', () => {
    const other = seal(backend, long);
    const mixed = (from: number, to: number): Uint8Array => {
      const result = Uint8Array.from(longStored);
      result.set(other.subarray(from, to), from);
      return result;
    };
    expect(refusal(mixed(0, vaultSizes.fileHeader), long)).toBe('chunk-altered');
    expect(refusal(mixed(vaultSizes.fileHeader, start), long)).toBe('chunk-altered');
    expect(refusal(mixed(start, longStored.length), long)).toBe('chunk-altered');
    for (const index of [0, 1, 2]) {
      const from = start + index * sealedChunk;
      const to = Math.min(from + sealedChunk, longStored.length);
      expect(refusal(mixed(from, to), long)).toBe('chunk-altered');
    }
    const lines = (stored: Uint8Array): number[] =>
      [...stored.entries()].filter(([, byte]) => byte === 0x0a).map(([index]) => index + 1);
    const [, afterPlace = 0, afterKey = 0, , , , afterMetadata = 0] = lines(longStored);
    expect(refusal(mixed(0, afterPlace), long)).toBe('not-this-place');
    expect(refusal(mixed(afterPlace, afterKey), long)).toBe('not-this-place');
    expect(refusal(mixed(afterKey, afterMetadata), long)).toBe('header-altered');
    expect(refusal(mixed(afterMetadata, vaultSizes.fileHeader), long)).toBe('header-altered');
  });

  test('a file opens at its place only', () => {
    expect(refusal(shortStored, short, otherEntry)).toBe('not-this-place');
    const elsewhere = fixedOpeningAccess(backend, { wrapKey: () => new Uint8Array(32).fill(99) });
    expectCode('not-this-place', () => open(elsewhere, [shortStored]));
    const relabelled = Uint8Array.from(shortStored);
    const epochAt = Buffer.from(shortStored).indexOf('vault/1 ') + 'vault/1 0000'.length;
    relabelled[epochAt] = '2'.charCodeAt(0);
    expect(refusal(relabelled, short)).toBe('not-this-place');
    relabelled[epochAt] = '4'.charCodeAt(0);
    expect(refusal(relabelled, short)).toBe('unknown-epoch');
  });

  test('with the keys of its vault it is still not a file of another vault', () => {
    const sameKeys = fixedOpeningAccess(backend, { vault: new Uint8Array(16).fill(0xbb) });
    expectCode('bad-signature', () => open(sameKeys, [shortStored]));
  });

  test('files of an epoch before the oldest that counts are refused', () => {
    const rekeyed = fixedOpeningAccess(backend, { oldest: 2 });
    expectCode('too-old', () => open(rekeyed, [shortStored]));
    const stored = seal(backend, short, { epoch: 2 });
    expect(hex(open(rekeyed, [stored]).content)).toBe(hex(short));
  });

  test('a header that never ends is refused as soon as it is longer than any is', () => {
    const reader = new FileHeadReader(access, { entry, storedSize: 2 ** 40 });
    const line = Buffer.from(`age-encryption.org/v1\n-> x ${'y'.repeat(vaultSizes.fileHeader)}`);
    let received = 0;
    const feed = (): void => {
      for (const byte of byteByByte(line)) {
        reader.receive(byte);
        received++;
      }
    };
    expectCode('malformed', feed);
    expect(received).toBe(vaultSizes.fileHeader);
  });

  test('lengths that no server can mean are refused', () => {
    for (const storedSize of [-1, 0, 0.5, head + 80.5, Number.NaN, Infinity, 2 ** 60]) {
      const reader = new FileHeadReader(access, { entry, storedSize });
      expectCode('size-impossible', () => reader.receive(shortStored));
    }
  });

  describe('a reader who knows the secret', () => {
    const writer = new Identity(writerSeed, backend).publicKey;
    const reader = new Identity(readerSeed, backend).publicKey;

    test('can write neither in his own name nor in that of a writer', () => {
      const own = seal(backend, short, { sender: new Identity(readerSeed, backend) });
      expectCode('sender-not-writer', () => open(access, [own]));
      const forged = seal(backend, short, { sender: new Impostor(readerSeed, writer) });
      expectCode('bad-signature', () => open(access, [forged]));
      const reversed = seal(backend, short, { sender: new Impostor(writerSeed, reader) });
      const both = fixedOpeningAccess(backend, { isWriter: () => true });
      expectCode('bad-signature', () => open(both, [reversed]));
    });

    test('cannot take the signature of another file', () => {
      const original = openedSignature();
      const forged = seal(backend, short, {
        sender: new Impostor(readerSeed, writer, original),
      });
      expectCode('bad-signature', () => open(access, [forged]));
    });

    test("cannot change the place or the metadata of a writer's file", () => {
      expectCode('bad-signature', () =>
        open(access, [rewritten(access, shortStored, { entry: otherEntry })], otherEntry),
      );
      const { metadata } = open(access, [shortStored]).head;
      for (const change of [{ mtime: 1 }, { mode: 0 }, { replaces: [otherEntry] }]) {
        const stored = rewritten(access, shortStored, { metadata: { ...metadata, ...change } });
        expectCode('bad-signature', () => open(access, [stored]));
      }
      expect(hex(open(access, [rewritten(access, shortStored, {})]).content)).toBe(hex(short));
    });

    test("cannot carry a writer's old file into a newer epoch", () => {
      const rekeyed = fixedOpeningAccess(backend, { oldest: 2 });
      expectCode('too-old', () => open(rekeyed, [shortStored]));
      const carried = rewritten(access, shortStored, { epoch: 2 });
      expectCode('bad-signature', () => open(rekeyed, [carried]));
      expectCode('bad-signature', () => open(access, [carried]));
    });

    test('is not helped by signatures that other implementations take', () => {
      const cases = vectorFile('ed25519-edge-cases').children('vectors');
      const refused = cases.filter((vector) => !vector.flag('valid'));
      expect(refused.length).toBeGreaterThan(20);
      const all = fixedOpeningAccess(backend, { isWriter: () => true });
      for (const vector of refused) {
        const stored = seal(backend, short, { sender: signedAs(vector) });
        expectCode('bad-signature', () => open(all, [stored]));
      }
    });

    function signedAs(vector: Vector): Identity {
      return new Impostor(readerSeed, vector.bytes('publicKey'), vector.bytes('signature'));
    }

    /** The signature of a file, as every reader finds it behind the content. */
    function openedSignature(): Uint8Array {
      const { head: opened } = open(access, [shortStored]);
      const plaintext = opened.keys.stream.open(0, true, shortStored.subarray(head));
      return plaintext.subarray(short.length);
    }
  });

  test('content is not vouched for before the end', () => {
    const writer = new Identity(writerSeed, backend).publicKey;
    const forged = seal(backend, long, { sender: new Impostor(readerSeed, writer) });
    const opener = openerOf(backend, forged);
    const given = [...opener.receive(forged.subarray(opener.storedOffset))];
    expect(sha256(...given)).toBe(sha256(long));
    expectCode('bad-signature', () => {
      opener.finish();
    });
  });

  test('a whole file is opened from where an earlier attempt stopped', () => {
    const content = contentOf('resumed download', 1_048_576 + chunk + 77);
    const stored = seal(backend, content);
    const leaf = content.subarray(0, 1_048_576);
    const opener = openerOf(backend, stored, [backend.sha256(leaf)]);
    expect(opener.contentOffset).toBe(leaf.length);
    expect(opener.storedOffset).toBe(payloadStart(stored, content.length) + 16 * sealedChunk);
    const rest = [...opener.receive(stored.subarray(opener.storedOffset))];
    opener.finish();
    expect(sha256(leaf, ...rest)).toBe(sha256(content));
    const damaged = openerOf(backend, stored, [backend.sha256(flipBit(leaf, 9))]);
    drain(damaged.receive(stored.subarray(damaged.storedOffset)));
    expectCode('bad-signature', () => {
      damaged.finish();
    });
    const tooMany = [leaf, leaf].map((part) => backend.sha256(part));
    expectCode('misuse', () => openerOf(backend, stored, tooMany));
  });
});

/** Takes everything that there is, and keeps nothing. */
function drain(parts: Iterable<Uint8Array>): void {
  for (const { length } of parts) expect(length).toBeGreaterThan(0);
}

function openerOf(
  backend: CryptoBackend,
  stored: Uint8Array,
  leaves: readonly Uint8Array[] = [],
): FileOpener {
  const file = { entry, storedSize: stored.length };
  const reader = new FileHeadReader(fixedOpeningAccess(backend), file);
  reader.receive(stored);
  return new FileOpener(reader.finish(), leaves);
}

test('no message tells a key, a content or a place', () => {
  const [, [, backend]] = backends as [unknown, [string, CryptoBackend]];
  const stored = seal(backend, short);
  const messages = [flipBit(stored, 8 * head), flipBit(stored, 800), stored.slice(0, 99)].map(
    (altered) => errorOf(() => open(fixedOpeningAccess(backend), [altered]))?.message ?? '',
  );
  const secrets = [vault, entry, wrapKeyOf(1), short].map((bytes) => hex(bytes));
  for (const message of messages) {
    expect(message.length).toBeGreaterThan(40);
    for (const secret of secrets) expect(message).not.toContain(secret.slice(0, 12));
  }
  expect(new VaultError('misuse', 'x').name).toBe('VaultError');
});
