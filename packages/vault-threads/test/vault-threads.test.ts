import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { fingerprint, Identity } from '@e2eeftp/crypto';
import {
  homeVaultId,
  KeyringChain,
  makeCard,
  makeFirstKeyring,
  makeNextKeyring,
  newEntryId,
  openKeyring,
  SealingIdentity,
  storedFileSize,
  VaultError,
  type OpenedKeyring,
} from '@e2eeftp/vault';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

// As others import it: its threads run what was compiled.
import { VaultThreads, type FileToSeal } from '@e2eeftp/vault-threads';

interface Person {
  readonly identity: Identity;
  readonly sealing: SealingIdentity;
  /** Of the person's own vault. */
  readonly chain: KeyringChain;
}

async function person(): Promise<Person> {
  const identity = Identity.generate();
  const sealing = SealingIdentity.of(identity);
  const card = makeCard(identity, sealing, 'alice');
  const first = await makeFirstKeyring({ owner: identity, card, name: 'home', kind: 'home' });
  const firstOwner = fingerprint(identity.publicKey);
  const chain = KeyringChain.begin({ vault: homeVaultId(identity), firstOwner });
  chain.accept(first.bytes);
  return { identity, sealing, chain };
}

function openHome({ chain, sealing }: Person): OpenedKeyring {
  return openKeyring(chain, sealing);
}

function files(sizes: readonly number[]): FileToSeal[] {
  return sizes.map((size, index) => ({
    entry: newEntryId(),
    metadata: { mtime: 1000 + index, mode: 0o640, replaces: [] },
    content: new Uint8Array(size).fill(index),
  }));
}

function stored(sealed: Uint8Array | VaultError | undefined): Uint8Array {
  if (!(sealed instanceof Uint8Array)) throw sealed ?? new Error('nothing came');
  return sealed;
}

let threads: VaultThreads;
let alice: Person;
let opened: OpenedKeyring;
beforeEach(async () => {
  threads = new VaultThreads(2);
  alice = await person();
  opened = openHome(alice);
});
afterEach(async () => {
  await threads.close();
});

describe('files', () => {
  test('come back as they were, in their order, over any thread', async () => {
    const vault = { opened, identity: alice.identity };
    const batches = [[0, 1, 100], [4096, 65_000], [65_536, 65_535, 7], [], [200_000]];
    await Promise.all(
      batches.map(async (sizes) => {
        const sent = files(sizes);
        const sealed = await threads.seal(vault, sent);
        expect(sealed.map((one) => stored(one).length)).toEqual(sizes.map(storedFileSize));
        const back = await threads.open(
          vault,
          sealed.map((one, index) => ({
            entry: sent[index]?.entry ?? new Uint8Array(0),
            stored: stored(one),
          })),
        );
        for (const [index, one] of back.entries()) {
          if (one instanceof VaultError) throw one;
          const { content, metadata } = sent[index] as FileToSeal;
          expect(Buffer.compare(one.content, content)).toBe(0);
          expect(one.metadata).toEqual({ ...metadata, sender: alice.identity.publicKey });
        }
      }),
    );
  });

  test('that were altered, or lie elsewhere, are refused alone', async () => {
    const vault = { opened, identity: alice.identity };
    const sent = files([100, 100, 100, 100]);
    const sealed = (await threads.seal(vault, sent)).map(stored);
    const altered = sealed.map((bytes, index) => {
      const copy = Uint8Array.from(bytes);
      if (index === 1) copy[copy.length - 20] = (copy.at(-20) ?? 0) ^ 1;
      return index === 2 ? copy.subarray(0, -1) : copy;
    });
    const entries = sent.map(({ entry }) => entry);
    const places = [entries[3], entries[1], entries[2], entries[3]];
    const back = await threads.open(
      vault,
      altered.map((bytes, index) => ({ entry: places[index] ?? newEntryId(), stored: bytes })),
    );
    const codes = back.map((one) => (one instanceof VaultError ? one.code : 'opened'));
    expect(codes).toEqual(['not-this-place', 'chunk-altered', 'chunk-altered', 'opened']);
  });

  test('of another vault do not open, and who may not write seals nothing', async () => {
    const bob = await person();
    const other = openHome(bob);
    const sent = files([10]);
    const [sealed] = await threads.seal({ opened, identity: alice.identity }, sent);
    const wanted = [{ entry: sent[0]?.entry ?? newEntryId(), stored: stored(sealed) }];
    const [foreign] = await threads.open({ opened: other, identity: bob.identity }, wanted);
    expect(foreign).toMatchObject({ name: 'VaultError', code: 'not-this-place' });
    const [refused] = await threads.seal({ opened, identity: bob.identity }, sent);
    expect(refused).toMatchObject({ code: 'not-a-writer' });
  });

  test('of more vaults than a thread remembers are opened all the same', async () => {
    const vaults = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const owner = await person();
        return { opened: openHome(owner), identity: owner.identity };
      }),
    );
    for (let round = 0; round < 2; round++) {
      for (const vault of vaults) {
        const sent = files([5]);
        const [sealed] = await threads.seal(vault, sent);
        const wanted = [{ entry: sent[0]?.entry ?? newEntryId(), stored: stored(sealed) }];
        expect((await threads.open(vault, wanted))[0]).not.toBeInstanceOf(VaultError);
      }
    }
  });

  test('are sealed in the epoch in force, and opened in all that count', async () => {
    const { identity, sealing } = alice;
    const { chain } = alice;
    const sent = files([5, 6]);
    const [before] = await threads.seal({ opened, identity }, sent.slice(0, 1));
    chain.accept(await makeNextKeyring(opened, identity, { newEpoch: true }));
    const newer = openKeyring(chain, sealing);
    const [after] = await threads.seal({ opened: newer, identity }, sent.slice(1));
    const wanted = [before, after].map((one, index) => ({
      entry: sent[index]?.entry ?? newEntryId(),
      stored: stored(one),
    }));
    const codesOf = async (vault: OpenedKeyring): Promise<string[]> => {
      const back = await threads.open({ opened: vault, identity }, wanted);
      return back.map((one) => (one instanceof VaultError ? one.code : 'opened'));
    };
    expect(await codesOf(newer)).toEqual(['opened', 'opened']);
    expect(await codesOf(opened)).toEqual(['opened', 'unknown-epoch']);
    chain.accept(await makeNextKeyring(newer, identity, { newEpoch: true, oldest: 2 }));
    expect(await codesOf(openKeyring(chain, sealing))).toEqual(['too-old', 'opened']);
  });
});

test('closed threads do nothing more', async () => {
  const vault = { opened, identity: alice.identity };
  const sealing = threads.seal(vault, files([5]));
  await Promise.all([threads.close(), expect(sealing).rejects.toThrow('closed')]);
  await expect(threads.open(vault, [])).rejects.toThrow('closed');
});

test('threads that have nothing to do keep no program alive', async () => {
  const compiled = fileURLToPath(new URL('../dist/index.js', import.meta.url));
  const script = `
    const { VaultThreads } = await import(${JSON.stringify(compiled)});
    const threads = new VaultThreads();
    await threads.open({ opened: {}, identity: {} }, []).catch(() => console.log('refused'));`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout).toBe('refused\n');
});
