import { beforeAll, describe, expect, test } from '@jest/globals';

import {
  newEntryId,
  openingAccess,
  openKeyring,
  rootDirectory,
  sealingAccess,
  VaultNames,
  viewDirectory,
  type OpenedKeyring,
  type SealingAccess,
} from '../../src/index.js';
import { backends } from '../support/backends.js';
import { contentOf, hex } from '../support/bytes.js';
import { codeOf, expectCode } from '../support/errors.js';
import { entry, open as openFile, seal as sealFile } from '../support/files.js';
import { Impostor, rewritten } from '../support/forgeries.js';
import { person, type Person } from '../support/people.js';
import { append, open, vaultOf, walk, type StoredVault } from '../support/vaults.js';

const content = contentOf('between members', 1000);

let alice: Person;
let bob: Person;
let carol: Person;
let stored: StoredVault;

beforeAll(async () => {
  [alice, bob, carol] = await Promise.all([person('alice'), person('bob'), person('carol')]);
  stored = await vaultOf(alice, [
    {
      add: [
        { card: bob.card, role: 'writer' },
        { card: carol.card, role: 'reader' },
      ],
    },
  ]);
});

/** The vault with keyrings of its own from here on. */
function branch(): StoredVault {
  return { vault: stored.vault, keyrings: [...stored.keyrings] };
}

describe.each(backends)('%s', (_name, backend) => {
  test('what a member seals, another opens', async () => {
    for (const sender of [alice, bob]) {
      const file = seal(await open(stored, sender), sender);
      for (const member of [alice, bob, carol]) {
        const { head, content: opened } = openFile(await opening(stored, member), [file]);
        expect(hex(opened)).toBe(hex(content));
        expect(hex(head.metadata.sender)).toBe(hex(sender.card.identity));
        expect(head.epoch).toBe(1);
      }
    }
  });

  test('a name and the file under it belong together', async () => {
    const bobs = await open(stored, bob);
    const id = newEntryId(backend);
    const listed = { stored: new VaultNames(bobs, backend).seal(rootDirectory, id, 'a.txt') };
    const file = seal(bobs, bob, id);
    const carols = await open(stored, carol);
    const view = viewDirectory(new VaultNames(carols, backend), rootDirectory, [listed]);
    const found = view.entries.get('a.txt')!;
    const access = openingAccess(carols, backend);
    expect(hex(openFile(access, [file], found.id).content)).toBe(hex(content));
    expectCode('not-this-place', () => openFile(access, [file], newEntryId(backend)));
  });

  test('of two files of one name, everybody sees by whom the later one is', async () => {
    const [ids, senders] = [
      [newEntryId(backend), newEntryId(backend)],
      [alice, bob],
    ];
    const carols = await open(stored, carol);
    const names = new VaultNames(carols, backend);
    const listed = await Promise.all(
      senders.map(async (sender, index) => {
        const id = ids[index]!;
        const file = seal(await open(stored, sender), sender, id);
        const { metadata } = openFile(openingAccess(carols, backend), [file], id).head;
        return { stored: names.seal(rootDirectory, id, 'a.txt'), metadata };
      }),
    );
    const shown = [...viewDirectory(names, rootDirectory, listed).entries.keys()];
    const later = hex(ids[0]!) < hex(ids[1]!) ? 'bob' : 'alice';
    const time = '2026-09-21 14.13.20 UTC';
    expect(shown.sort()).toEqual(['a.txt', `a.txt (conflict, ${later}, ${time})`]);
  });

  test('only who may write gets what it takes to seal', async () => {
    const carols = await open(stored, carol);
    expectCode('not-a-writer', () => sealingAccess(carols, carol.identity, backend));
    const stranger = await person('mallory');
    expectCode('not-a-writer', () => sealingAccess(carols, stranger.identity, backend));
  });

  test("a reader's forgery is refused", async () => {
    const carols = await open(stored, carol);
    const alices = await opening(stored, alice);
    const own = forge(carols, { sender: carol.identity });
    expectCode('sender-not-writer', () => openFile(alices, [own]));
    const inBobsName = new Impostor(carol.identity.exportSeed(), bob.card.identity);
    const forged = forge(carols, { sender: inBobsName });
    expectCode('bad-signature', () => openFile(alices, [forged]));
  });

  test.each(['removed', 'a reader'])('a writer who is %s now', async (now) => {
    const vault = branch();
    const before = await open(vault, bob);
    const old = seal(before, bob);
    const { identity } = bob.card;
    const change =
      now === 'removed'
        ? { remove: [identity] }
        : { roles: [{ identity, role: 'reader' as const }] };
    await append(vault, alice, change);

    const alices = await opening(vault, alice);
    expect(hex(openFile(alices, [old]).content)).toBe(hex(content));

    // Somebody who is still a member lends him the key of the new epoch.
    const carols = await open(vault, carol);
    const later = forge(carols, { sender: bob.identity });
    expectCode('sender-not-writer', () => openFile(alices, [later]));
    const carried = rewritten(openingAccess(carols, backend), old, { epoch: 2 });
    expectCode('sender-not-writer', () => openFile(alices, [carried]));

    // In the epoch that he knew he can still write, until there has been a rekey.
    expect(codeOf(() => openFile(alices, [seal(before, bob)]))).toBeUndefined();
    await append(vault, alice, { oldest: 2 });
    const rekeyed = await opening(vault, alice);
    expectCode('too-old', () => openFile(rekeyed, [old]));
    expectCode('too-old', () => openFile(rekeyed, [seal(before, bob)]));
  });

  test('after a rekey older files are refused, also when they were wrapped anew', async () => {
    const vault = branch();
    const old = seal(await open(vault, alice), alice);
    await append(vault, alice, { newEpoch: true });
    const between = await opening(vault, carol);
    expect(hex(openFile(between, [old]).content)).toBe(hex(content));
    const carried = rewritten(between, old, { epoch: 2 });
    await append(vault, alice, { oldest: 2 });

    const access = await opening(vault, carol);
    expectCode('too-old', () => openFile(access, [old]));
    expectCode('bad-signature', () => openFile(access, [carried]));
    const anew = seal(await open(vault, alice), alice);
    const opened = openFile(access, [anew]);
    expect(opened.head.epoch).toBe(2);
    expect(hex(opened.content)).toBe(hex(content));
  });

  test('a file of an epoch that began since needs the newer keyring', async () => {
    const vault = branch();
    const carolsBefore = await opening(vault, carol);
    await append(vault, alice, { newEpoch: true });
    const file = seal(await open(vault, alice), alice);
    expectCode('unknown-epoch', () => openFile(carolsBefore, [file]));
    expect(hex(openFile(await opening(vault, carol), [file]).content)).toBe(hex(content));
  });

  test('once the secrets are wiped, nothing is sealed or opened with zeros', async () => {
    const bobs = await open(stored, bob);
    const file = seal(bobs, bob);
    const reading = openingAccess(bobs, backend);
    const sealing = sealingAccess(bobs, bob.identity, backend);
    openFile(reading, [file]);
    bobs.secrets.dispose();
    expectCode('misuse', () => openFile(reading, [file]));
    expectCode('misuse', () => sealFile(backend, content, sealing));
  });

  async function opening(
    vault: StoredVault,
    member: Person,
  ): Promise<ReturnType<typeof openingAccess>> {
    const opened = openKeyring(walk(vault), member.sealing, undefined, backend);
    return openingAccess(opened, backend);
  }

  function seal(opened: OpenedKeyring, { identity }: Person, id = entry): Uint8Array {
    return sealFile(backend, content, sealingAccess(opened, identity, backend), { entry: id });
  }

  /** A file that is made without asking whether its sender may write. */
  function forge(opened: OpenedKeyring, sender: Pick<SealingAccess, 'sender'>): Uint8Array {
    const { vault, epoch } = opened.keyring;
    const { wrapKey } = openingAccess(opened, backend);
    return sealFile(backend, content, { vault, epoch, wrapKey, ...sender });
  }
});
