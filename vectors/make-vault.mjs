// Prints vault.json: cards, vault ids, keyrings and names, and what has to be refused.
//
// `node vectors/make-vault.mjs seal` prints vault-sealed.age instead, the sealed part of the first
// keyring: sealing is random, so it is made once and kept.
import { readFileSync } from 'node:fs';

import { encodeCbor } from './cbor.mjs';
import { ed25519 } from './noble.mjs';
import {
  aessiv,
  armor,
  base32nopad,
  base64urlnopad,
  Decrypter,
  Encrypter,
} from './vault-libraries.mjs';
import {
  alice,
  bob,
  carol,
  fixed,
  hex,
  hkdf,
  labelled,
  laxCard,
  laxSignature,
  sha256,
} from './vault-people.mjs';

const vaultIdText = (id) => base32nopad.encode(id).toLowerCase();
const random = fixed('vault random', 16);
const vault = sha256('e2eeftp vault', alice.identity, random).subarray(0, 16);
const secrets = [fixed('secret 1', 32), fixed('secret 2', 32)];
const contents = { vault, sequence: 1, name: 'a team', secrets: secrets.slice(0, 1) };

if (process.argv[2] === 'seal') {
  const encrypter = new Encrypter();
  encrypter.addRecipient(alice.ageRecipient);
  process.stdout.write(armor.encode(await encrypter.encrypt(encodeCbor(contents))));
  process.exit();
}

const sealed = armor.decode(readFileSync(new URL('vault-sealed.age', import.meta.url), 'utf8'));
const decrypter = new Decrypter();
decrypter.addIdentity(alice.ageIdentity);
if (hex(await decrypter.decrypt(sealed)) !== hex(encodeCbor(contents))) {
  throw new Error('vault-sealed.age holds something else; print it again with "seal"');
}

const members = (...list) =>
  list
    .map(([person, role]) => ({ card: person.card, role }))
    .sort((one, other) => Buffer.compare(one.card.identity, other.card.identity));

function keyring(fields, signer = alice) {
  const unsigned = {
    vault,
    epoch: 1,
    oldest: 1,
    random: new Uint8Array(0),
    former: [],
    sealed: fixed(`sealed ${fields.sequence}`, 32),
    signer: signer.identity,
    ...fields,
  };
  const signature = ed25519.sign(labelled('e2eeftp keyring v1', encodeCbor(unsigned)), signer.seed);
  return encodeCbor({ ...unsigned, signature });
}

const none = new Uint8Array(32);
const alone = members([alice, 'owner']);
const three = members([alice, 'owner'], [bob, 'writer'], [carol, 'owner']);
const formerBob = { identity: bob.identity, name: 'bob', role: 'writer', lastEpoch: 1 };
const firstFields = { sequence: 1, random, members: alone, sealed, previous: none };
const first = keyring(firstFields);
const secondFields = { sequence: 2, members: three, previous: sha256(first) };
const second = keyring(secondFields);
const thirdFields = {
  sequence: 3,
  epoch: 2,
  members: members([alice, 'owner'], [carol, 'owner']),
  former: [formerBob],
  previous: sha256(second),
};
const third = keyring(thirdFields, carol);
const fourth = keyring({
  ...thirdFields,
  sequence: 4,
  oldest: 2,
  former: [],
  previous: sha256(third),
});

const altered = Buffer.from(second);
altered[altered.length - 40] ^= 1;
const laxFields = {
  ...secondFields,
  vault,
  epoch: 1,
  oldest: 1,
  random: new Uint8Array(0),
  former: [],
};
const laxUnsigned = { ...laxFields, sealed: fixed('sealed 2', 32), signer: alice.identity };
const laxKeyring = encodeCbor({
  ...laxUnsigned,
  signature: laxSignature(alice, labelled('e2eeftp keyring v1', encodeCbor(laxUnsigned))),
});
const withCard = (card) => ({
  ...secondFields,
  members: three.map((member) =>
    member.card.name === 'bob' ? { ...member, card: { ...member.card, ...card } } : member,
  ),
});

/** After how many accepted keyrings this one is shown, and the code of the error it must end with. */
const refused = [
  [
    'not the deterministic encoding: a byte behind the end',
    1,
    'malformed',
    Buffer.concat([second, Buffer.of(0)]),
  ],
  ['a field that is not known', 1, 'malformed', keyring({ ...secondFields, comment: 'x' })],
  [
    'members out of order',
    1,
    'malformed',
    keyring({ ...secondFields, members: [...three].reverse() }),
  ],
  [
    'nobody owns it',
    1,
    'malformed',
    keyring({ ...secondFields, members: members([alice, 'writer']) }),
  ],
  ['random bytes behind the first keyring', 1, 'malformed', keyring({ ...secondFields, random })],
  [
    'another vault',
    1,
    'wrong-vault',
    keyring({ ...secondFields, vault: fixed('other vault', 16) }),
  ],
  [
    'another first owner than the id says',
    0,
    'wrong-origin',
    keyring({ ...firstFields, members: members([bob, 'owner']) }, bob),
  ],
  [
    'other random bytes than the id says',
    0,
    'wrong-origin',
    keyring({ ...firstFields, random: fixed('other random', 16) }),
  ],
  ['the third behind the first', 1, 'gap', third],
  ['the first behind the third', 3, 'older-state', first],
  ['another one under an accepted number', 2, 'fork', keyring({ ...secondFields, members: alone })],
  ['behind another one than the accepted', 1, 'fork', keyring({ ...secondFields, previous: none })],
  ['signed by a stranger', 1, 'wrong-signer', keyring(secondFields, bob)],
  ['signed by who becomes an owner with it', 1, 'wrong-signer', keyring(secondFields, carol)],
  ['signed by a writer', 2, 'wrong-signer', keyring(thirdFields, bob)],
  ['one bit of the signature flipped', 1, 'bad-signature', altered],
  ['a signature that only holds with the cofactor', 1, 'bad-signature', laxKeyring],
  ['an epoch that jumps', 2, 'wrong-epoch', keyring({ ...thirdFields, epoch: 3 })],
  ['a writer removed within an epoch', 2, 'wrong-epoch', keyring({ ...thirdFields, epoch: 1 })],
  [
    'an epoch that falls',
    3,
    'wrong-epoch',
    keyring({ ...thirdFields, sequence: 4, epoch: 1, previous: sha256(third) }),
  ],
  [
    'an oldest epoch that falls',
    4,
    'wrong-oldest',
    keyring({ ...thirdFields, sequence: 5, former: [], previous: sha256(fourth) }),
  ],
  ['a former writer left out', 2, 'wrong-former', keyring({ ...thirdFields, former: [] })],
  [
    'a former writer for longer than he was',
    2,
    'wrong-former',
    keyring({ ...thirdFields, former: [{ ...formerBob, lastEpoch: 2 }] }),
  ],
  [
    'a card with another recipient',
    1,
    'bad-card',
    keyring(withCard({ recipient: carol.card.recipient })),
  ],
  ['a card with another name', 1, 'bad-card', keyring(withCard({ name: 'robert' }))],
].map(([comment, after, layer, bytes]) => ({ comment, after, layer, bytes: hex(bytes) }));

// Names.
const keys = secrets.map((secret, index) => ({
  epoch: index + 1,
  secret: hex(secret),
  nameKey: hex(hkdf(secret, vault, 'e2eeftp vault names v1', 64)),
  wrapKey: hex(hkdf(secret, vault, 'e2eeftp vault files v1', 32)),
}));
const root = new Uint8Array(12);
const folder = fixed('folder', 12);
const entry = fixed('entry', 12);

function sealPlaintext(epoch, parent, plaintext) {
  const key = Buffer.from(keys[epoch - 1].nameKey, 'hex');
  const siv = aessiv(key, vault, parent).encrypt(plaintext);
  return base64urlnopad.encode(Buffer.concat([Buffer.of(epoch >> 8, epoch & 0xff), siv]));
}

function sealName(epoch, parent, id, name) {
  const text = Buffer.from(name);
  const plaintext = Buffer.alloc(Math.ceil((12 + text.length) / 16) * 16);
  plaintext.set(id);
  plaintext.set(text, 12);
  return sealPlaintext(epoch, parent, plaintext);
}

const names = [
  ['in the root', 1, [root], entry, 'report.pdf'],
  ['in a folder, in the second epoch', 2, [root, folder], entry, 'report.pdf'],
  ['four bytes, which need no padding', 2, [root], entry, 'abcd'],
  ['not in ASCII, and decomposed', 2, [root], entry, 'Zoe\u0308 \u{1F600}'],
  ['as long as names may be', 2, [root], entry, 'x'.repeat(144)],
].map(([comment, epoch, directory, id, name]) => ({
  comment,
  epoch,
  directory: directory.map(hex),
  id: hex(id),
  name,
  stored: sealName(epoch, directory.at(-1), id, name),
}));

const good = sealName(2, root, entry, 'report.pdf');
const raw = (epoch, directory, ...plaintext) =>
  sealPlaintext(epoch, directory.at(-1), Buffer.concat(plaintext.map((part) => Buffer.from(part))));
const damagedNames = [
  ['padded base64', 'no-stored-name', [root], `${good}=`],
  ['the folder of keyrings', 'no-stored-name', [root], '.keyring'],
  ['cut off', 'no-stored-name', [root], good.slice(0, -4)],
  ['in another folder', 'not-sealed-here', [root, folder], good],
  ['with another epoch', 'not-sealed-here', [root], `AAE${good.slice(3)}`],
  ['of an epoch to come', 'unknown-epoch', [root], `AAM${good.slice(3)}`],
  ['of no epoch', 'unknown-epoch', [root], `AAA${good.slice(3)}`],
  ['the id of the root', 'bad-id', [root], raw(2, [root], root, 'name')],
  ['the id of a folder above', 'bad-id', [root, folder], raw(2, [root, folder], folder, 'name')],
  ['a way up', 'bad-name', [root], sealName(2, root, entry, '..')],
  ['two components', 'bad-name', [root], sealName(2, root, entry, 'a/b')],
  ['a control character', 'bad-name', [root], sealName(2, root, entry, 'a\u0007b')],
  ['empty', 'bad-name', [root], raw(2, [root], entry, Buffer.alloc(4))],
  ['not UTF-8', 'bad-name', [root], raw(2, [root], entry, Buffer.of(0xc0, 0xaf, 0, 0))],
  ['more behind the padding', 'bad-name', [root], raw(2, [root], entry, 'a\0a\0')],
  [
    'a block of padding too much',
    'bad-name',
    [root],
    raw(2, [root], entry, 'abcd', Buffer.alloc(16)),
  ],
  ['too long', 'bad-name', [root], sealName(2, root, entry, 'x'.repeat(145))],
].map(([comment, layer, directory, stored]) => ({
  comment,
  layer,
  directory: directory.map(hex),
  stored,
}));

const people = [alice, bob, carol].map(({ name, seed, identity, ageIdentity, card }) => {
  const home = hkdf(seed, '', 'e2eeftp home v1', 16);
  return {
    name,
    seed: hex(seed),
    identity: hex(identity),
    ageIdentity,
    card: hex(encodeCbor(card)),
    home: hex(home),
    homeText: vaultIdText(home),
  };
});

const about =
  'Cards, vault ids, keyrings and names. The keyrings follow one another; what is sealed in the first is vault-sealed.age for alice, in the others it is no age file. "refused" and "damagedNames" name the layer that must refuse; "after" says how many of the keyrings were accepted before. Names are of a vault in its second epoch. Hex. Printed by make-vault.mjs.';
console.log(
  JSON.stringify(
    {
      about,
      people,
      vault: { id: hex(vault), text: vaultIdText(vault), random: hex(random), name: contents.name },
      keyrings: [first, second, third, fourth].map(hex),
      refused,
      lax: { card: hex(laxCard(alice)) },
      keys,
      names,
      damagedNames,
    },
    undefined,
    2,
  ),
);
