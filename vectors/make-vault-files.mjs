// Prints vault-files.json: files of a vault as FORMAT.md describes them, and files that must be
// refused, each made so that one layer alone can tell.
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  sign,
} from 'node:crypto';

import { ed25519, ED25519_TORSION_SUBGROUP } from './noble.mjs';

const { Point } = ed25519;
const chunkSize = 65_536;
const leafSize = 1_048_576;
const none = Buffer.alloc(0);

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
/** Bytes that look random and are the same each time. */
const drawn = (label, length) =>
  sha256(Buffer.from(`e2eeftp vault files/${label}`)).subarray(0, length);
const derive = (key, salt, info, length = 32) =>
  Buffer.from(hkdfSync('sha256', key, salt, info, length));
const u16 = (value) => Buffer.of(value >> 8, value & 0xff);
const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const u64 = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

function seal(key, nonce, plaintext) {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function identity(label) {
  const seed = drawn(`identity/${label}`, 32);
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { seed, key, publicKey: spki.subarray(-32) };
}

const vault = drawn('vault', 16);
const writer = identity('writer');
const reader = identity('reader');
const epochs = [1, 2, 9, 10, 10_000].map((epoch) => ({
  epoch,
  secret: drawn(`secret ${epoch}`, 32),
}));
const secretOf = (epoch) =>
  epochs.find((known) => known.epoch === epoch)?.secret ?? drawn(`secret ${epoch}`, 32);
const wrapKeyOf = (epoch, of = vault) => derive(secretOf(epoch), of, 'e2eeftp vault files v1');

function contentOf(seed, length) {
  const blocks = [];
  for (let block = 0; block * 32 < length; block++)
    blocks.push(sha256(Buffer.from(seed), u32(block)));
  return Buffer.concat(blocks).subarray(0, length);
}

function rootOf(content) {
  const leaves = [];
  for (let start = 0; start < content.length; start += leafSize) {
    leaves.push(sha256(content.subarray(start, start + leafSize)));
  }
  return sha256(...leaves);
}

function encodeMetadata({ mtime, mode, sender, replaces }) {
  const unused = Buffer.alloc(12 * (4 - replaces.length));
  return Buffer.concat([u64(mtime), u32(mode), sender, ...replaces, unused]);
}

const base64 = (bytes) => Buffer.from(bytes).toString('base64').replaceAll('=', '');

function wrapped(body) {
  const text = base64(body);
  const lines = [];
  for (let start = 0; start <= text.length; start += 64) lines.push(text.slice(start, start + 64));
  return lines.join('\n');
}

/** Everything that a file is made from, so that a case can change one thing and keep the rest. */
function parts(comment, changes = {}) {
  const file = {
    epoch: 1,
    entry: drawn(`${comment}/entry`, 12),
    wrapSalt: drawn(`${comment}/salt`, 16),
    fileKey: drawn(`${comment}/file key`, 16),
    nonce: drawn(`${comment}/nonce`, 16),
    content: contentOf('short', 5),
    signer: writer,
    ...changes,
  };
  file.metadata = {
    mtime: 1_790_000_000_123,
    mode: 0o644,
    sender: writer.publicKey,
    replaces: [],
    ...changes.metadata,
  };
  file.signed = { vault, label: 'e2eeftp file v1', ...changes.signed };
  return file;
}

function headerOf(file) {
  const wrapSalt = Buffer.concat([file.wrapSalt, file.wrapEntry ?? file.entry]);
  const wrapKey = derive(file.wrapKey ?? wrapKeyOf(file.epoch), wrapSalt, 'e2eeftp file key v1');
  const key = seal(wrapKey, Buffer.alloc(12), file.fileKey);
  const metadataKey = derive(file.metadataKey ?? file.fileKey, none, 'e2eeftp metadata v1');
  const metadata = seal(
    metadataKey,
    Buffer.alloc(12),
    file.rawMetadata ?? encodeMetadata(file.metadata),
  );
  const stanzas = [
    `-> e2eeftp.vault/1 ${file.epochText ?? String(file.epoch).padStart(5, '0')} ${file.saltText ?? base64(file.wrapSalt)}\n${wrapped(key)}\n`,
    `-> e2eeftp.meta/1\n${wrapped(metadata)}\n`,
  ];
  const lines = file.stanzas?.(stanzas) ?? stanzas;
  const authenticated = `${file.version ?? 'age-encryption.org/v1'}\n${lines.join('')}---`;
  const macKey = derive(file.fileKey, none, 'header');
  const mac = createHmac('sha256', macKey).update(authenticated).digest();
  return Buffer.from(file.macLine?.(authenticated, mac) ?? `${authenticated} ${base64(mac)}\n`);
}

function signatureOf(file) {
  const { vault: of, label, ...changed } = file.signed;
  const message = Buffer.concat([
    Buffer.from(`${label}\0`),
    of,
    changed.entry ?? file.entry,
    u16(changed.epoch ?? file.epoch),
    changed.commitment ?? derive(file.fileKey, none, 'e2eeftp commit v1'),
    changed.root ?? rootOf(file.content),
    u64(changed.size ?? file.content.length),
    changed.metadata ?? file.rawMetadata ?? encodeMetadata(file.metadata),
  ]);
  return file.sign?.(message) ?? sign(null, message, file.signer.key);
}

function payloadOf(file) {
  const plaintext = file.plaintext ?? Buffer.concat([file.content, signatureOf(file)]);
  const key = derive(file.fileKey, file.nonce, 'payload');
  const count = Math.max(1, Math.ceil(plaintext.length / chunkSize));
  const chunks = [];
  for (let index = 0; index < count; index++) {
    const nonce = Buffer.concat([
      Buffer.alloc(7),
      u32(index),
      Buffer.of(index === count - 1 ? 1 : 0),
    ]);
    chunks.push(seal(key, nonce, plaintext.subarray(index * chunkSize, (index + 1) * chunkSize)));
  }
  return Buffer.concat(chunks);
}

const fileOf = (file) => Buffer.concat([headerOf(file), file.nonce, payloadOf(file)]);
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const vectors = [];

function describe(file) {
  const { mtime, mode, sender, replaces } = file.metadata;
  return {
    epoch: file.epoch,
    entry: hex(file.entry),
    wrapSalt: hex(file.wrapSalt),
    fileKey: hex(file.fileKey),
    nonce: hex(file.nonce),
    metadata: { mtime, mode, sender: hex(sender), replaces: replaces.map(hex) },
  };
}

function accept(comment, length, changes = {}) {
  const seed = `content of ${comment}`;
  const file = parts(comment, { ...changes, content: contentOf(seed, length) });
  const stored = fileOf(file);
  vectors.push({
    comment,
    layer: 'none',
    ...describe(file),
    content: { seed, length },
    root: hex(rootOf(file.content)),
    signature: hex(signatureOf(file)),
    header: headerOf(file).toString('latin1'),
    storedSize: stored.length,
    sha256: hex(sha256(stored)),
  });
  return file;
}

/** A file that is written out, and refused by one layer when it is read as `entry`. */
function refuse(comment, layer, changes = {}) {
  const file = parts(comment, changes);
  vectors.push({ comment, layer, entry: hex(file.entry), file: hex(fileOf(file)) });
}

/** A file that comes of another one here by edits, each at offsets from the payload's beginning. */
function edit(comment, layer, of, ...edits) {
  vectors.push({ comment, layer, of, edits });
}

const sealedChunk = chunkSize + 16;

accept('empty', 0);
accept('one byte', 1, { epoch: 2 });
accept('epoch of two digits', 300, { epoch: 10 });
accept('the last epoch', 300, { epoch: 10_000 });
accept('all of the metadata', 12, {
  metadata: {
    mtime: 8_640_000_000_000_000,
    mode: 0o7777,
    replaces: [1, 2, 3, 4].map((index) => drawn(`replaced ${index}`, 12)),
  },
});
accept('replaces one, at the beginning of time', 12, {
  metadata: { mtime: 0, mode: 0, replaces: [drawn('replaced', 12)] },
});
for (const [comment, length] of [
  ['the signature ends a chunk', chunkSize - 64],
  ['the last byte of the signature is a chunk', chunkSize - 63],
  ['the first byte of the signature ends a chunk', chunkSize - 1],
  ['the signature alone is a chunk', chunkSize],
  ['a chunk and a byte', chunkSize + 1],
  ['two chunks less a byte', 2 * chunkSize - 1],
  ['two chunks', 2 * chunkSize],
  ['two chunks and a byte', 2 * chunkSize + 1],
  ['the signature ends the third chunk', 3 * chunkSize - 64],
  ['a leaf less a byte', leafSize - 1],
  ['a leaf', leafSize],
  ['a leaf and a byte', leafSize + 1],
  ['two leaves and some', 2 * leafSize + 4711],
]) {
  accept(comment, length);
}

// The header.
const both = ([place, metadata]) => [place, metadata];
refuse('another version of age', 'malformed', { version: 'age-encryption.org/v2' });
for (const epochText of [
  ...['1', '0001', '000001', '00000', '10001', '65535', '99999'],
  ...['+0001', '001.0', '001e0', '0x001', '-0001', 'aaaaa'],
]) {
  refuse(`the epoch ${epochText}`, 'malformed', { epochText });
}
refuse('a salt of 15 bytes', 'malformed', { wrapSalt: drawn('short salt', 15) });
refuse('a salt of 17 bytes', 'malformed', { wrapSalt: drawn('long salt', 17) });
{
  const wrapSalt = drawn('salt', 16);
  const lax = (text) =>
    text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);
  refuse('a salt in base64 that is not canonical', 'malformed', {
    wrapSalt,
    saltText: lax(base64(wrapSalt)),
  });
  refuse('a salt in padded base64', 'malformed', {
    wrapSalt,
    saltText: `${base64(wrapSalt)}==`,
  });
  refuse('a MAC in base64 that is not canonical', 'malformed', {
    macLine: (authenticated, mac) => `${authenticated} ${lax(base64(mac))}\n`,
  });
}
refuse('a file key of 17 bytes', 'malformed', { fileKey: drawn('long key', 17) });
refuse('a file key of 15 bytes', 'malformed', { fileKey: drawn('short key', 15) });
refuse('metadata that are too long', 'malformed', { rawMetadata: Buffer.alloc(93) });
refuse('metadata that are too short', 'malformed', { rawMetadata: Buffer.alloc(91) });
refuse('the stanzas in the other order', 'malformed', { stanzas: (all) => all.reverse() });
refuse('no metadata', 'malformed', { stanzas: ([place]) => [place] });
refuse('a third stanza', 'malformed', {
  stanzas: (all) => [...both(all), '-> X25519 AAAA\n\n'],
});
refuse('the first stanza twice', 'malformed', { stanzas: ([place]) => [place, place] });
refuse('an argument more with the key', 'malformed', {
  stanzas: ([place, metadata]) => [place.replace('\n', ' more\n'), metadata],
});
refuse('an argument more with the metadata', 'malformed', {
  stanzas: ([place, metadata]) => [place, metadata.replace('\n', ' more\n')],
});
refuse('another kind of stanza', 'malformed', {
  stanzas: ([place, metadata]) => [place.replace('vault/1', 'vault/2'), metadata],
});
refuse('lines that end as on Windows', 'malformed', {
  macLine: (authenticated, mac) => `${authenticated} ${base64(mac)}\n`.replaceAll('\n', '\r\n'),
});
refuse('a blank behind the MAC', 'malformed', {
  macLine: (authenticated, mac) => `${authenticated} ${base64(mac)} \n`,
});

// Place and epoch.
refuse('written for another entry', 'not-this-place', { wrapEntry: drawn('another entry', 12) });
refuse('written for another vault', 'not-this-place', {
  wrapKey: wrapKeyOf(1, drawn('another vault', 16)),
});
refuse('sealed with the key of another epoch', 'not-this-place', { wrapKey: wrapKeyOf(2) });
refuse('of an epoch that is not known', 'unknown-epoch', { epoch: 11 });
refuse('of an epoch before the oldest that counts', 'too-old', { epoch: 1 });
vectors.at(-1).oldest = 2;

// What the header's MAC covers.
refuse('a MAC with a bit turned', 'header-altered', {
  macLine(authenticated, mac) {
    mac[31] ^= 1;
    return `${authenticated} ${base64(mac)}\n`;
  },
});
{
  const other = headerOf(parts('another file')).toString('latin1');
  refuse('the metadata of another file', 'header-altered', {
    macLine: (authenticated, mac) =>
      `${authenticated.slice(0, authenticated.indexOf('-> e2eeftp.meta/1'))}${other.slice(other.indexOf('-> e2eeftp.meta/1'), other.indexOf('--- '))}--- ${base64(mac)}\n`,
  });
}
refuse('metadata under another key, with the right MAC', 'header-altered', {
  metadataKey: drawn('another file key', 16),
});

// Metadata of a member who writes what no client writes.
for (const [comment, changed] of [
  ['a time that no clock shows', { mtime: 8_640_000_000_000_001n }],
  ['a time of 64 bits', { mtime: 2n ** 64n - 1n }],
  ['a mode with the type of a file', { mode: 0o100644 }],
  ['an entry replaced twice', { replaces: [drawn('one', 12), drawn('one', 12)] }],
  ['replaced entries behind a gap', { replaces: [Buffer.alloc(12), drawn('one', 12)] }],
  ['a file that replaces itself', { replaces: [drawn('a file that replaces itself/entry', 12)] }],
]) {
  refuse(comment, 'metadata-invalid', { metadata: changed });
}

// Who wrote it.
refuse('by a reader in his own name', 'sender-not-writer', {
  signer: reader,
  metadata: { sender: reader.publicKey },
});
refuse('by a former writer, in an epoch that he was none of', 'sender-not-writer', { epoch: 9 });
vectors.at(-1).writerUntil = 2;
refuse("by a reader in a writer's name", 'bad-signature', { signer: reader });
refuse('a signature of zeros', 'bad-signature', { sign: () => Buffer.alloc(64) });
for (const [comment, signed] of [
  ['another vault', { vault: drawn('another vault', 16) }],
  ['another entry', { entry: drawn('another entry', 12) }],
  [
    'another file key',
    { commitment: derive(drawn('another file key', 16), none, 'e2eeftp commit v1') },
  ],
  ['another content', { root: rootOf(contentOf('another', 5)) }],
  ['the digest of the content instead of the root', { root: sha256(contentOf('short', 5)) }],
  ['another size', { size: 6 }],
  ['other metadata', { metadata: Buffer.alloc(92, 1) }],
  ['another label', { label: 'e2eeftp file v2' }],
]) {
  refuse(`a signature over ${comment}`, 'bad-signature', { signed });
}

refuse('an old file that was wrapped anew, as one of a newer epoch', 'bad-signature', {
  epoch: 2,
  signed: { epoch: 1 },
});
vectors.at(-1).oldest = 2;

// Signatures that other implementations take, each right but for its encoding or its cofactor.
{
  const order = Point.Fn.ORDER;
  const littleEndian = (bytes) => BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`);
  const encode = (number) =>
    Uint8Array.from({ length: 32 }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn));
  const digest = createHash('sha512').update(writer.seed).digest().subarray(0, 32);
  digest[0] &= 248;
  digest[31] = (digest[31] & 127) | 64;
  const secret = littleEndian(digest) % order;
  const signWith = (commitment, r, times) => (message) => {
    const challenge = createHash('sha512')
      .update(Buffer.concat([commitment, writer.publicKey, message]))
      .digest();
    const s = (r + (littleEndian(challenge) % order) * secret) % order;
    return Buffer.concat([commitment, encode(s + times * order)]);
  };
  const r = littleEndian(drawn('r', 32)) % order;
  const honest = Point.BASE.multiply(r);
  const torsion = Point.fromHex(ED25519_TORSION_SUBGROUP[1]);
  const lax = {
    'a signature whose s is not reduced': signWith(Buffer.from(honest.toBytes()), r, 1n),
    'a signature that needs the cofactor': signWith(
      Buffer.from(honest.add(torsion).toBytes()),
      r,
      0n,
    ),
    'a signature whose R is of small order': signWith(Buffer.from(Point.ZERO.toBytes()), 0n, 0n),
  };
  for (const [comment, sign] of Object.entries(lax)) refuse(comment, 'bad-signature', { sign });
}

// Lengths.
refuse('no room for a signature', 'size-impossible', { plaintext: Buffer.alloc(63) });
refuse('an empty payload', 'size-impossible', { plaintext: none });
edit('nothing behind the nonce', 'size-impossible', 'empty', { cutTo: 0 });
edit('less than a tag', 'size-impossible', 'empty', { cutTo: 15 });
edit('an empty last chunk', 'size-impossible', 'the signature ends a chunk', {
  append: '00'.repeat(16),
});
edit('a last chunk shorter than a tag', 'size-impossible', 'a chunk and a byte', {
  cutTo: sealedChunk + 15,
});

// Chunks.
edit('a bit turned in the nonce', 'chunk-altered', 'one byte', { flip: -1 });
edit('a bit turned in the first chunk', 'chunk-altered', 'two chunks and a byte', { flip: 4711 });
edit('a bit turned in the tag of a chunk', 'chunk-altered', 'two chunks and a byte', {
  flip: sealedChunk - 1,
});
edit('a bit turned in the last chunk', 'chunk-altered', 'two chunks and a byte', {
  flip: 2 * sealedChunk,
});
edit('a bit turned in the last tag', 'chunk-altered', 'one byte', { flip: 65 + 15 });
edit('two chunks in the other order', 'chunk-altered', 'two chunks and a byte', { swap: [0, 1] });
edit('a chunk twice', 'chunk-altered', 'two chunks and a byte', { copy: [0, 1] });
edit('the payload of another file', 'chunk-altered', 'two chunks', {
  payloadOf: 'two chunks less a byte',
});
edit('cut within a chunk', 'chunk-altered', 'two chunks and a byte', { cutTo: sealedChunk + 500 });
edit('a byte more in the last chunk', 'chunk-altered', 'one byte', { append: '00' });
edit('the last chunk missing', 'truncated', 'two chunks and a byte', { cutTo: 2 * sealedChunk });
edit('all but the first chunk missing', 'truncated', 'two chunks and a byte', {
  cutTo: sealedChunk,
});
edit('a chunk behind the last', 'extended', 'the signature ends the third chunk', {
  append: 'ff'.repeat(100),
});

const about =
  'Files of a vault. A positive ("layer" is "none") tells what the file is made from, and SHA-256 and size of the stored file; its content is SHA-256(seed ‖ u32 0) ‖ SHA-256(seed ‖ u32 1) ‖ … up to the length. A negative is a stored file, or one of the positives ("of") with edits at offsets from the payload\'s first chunk; "layer" names what must refuse it when it is read as "entry" by a member who knows "epochs", with "oldest" 1 and "writer" a writer of every epoch unless the vector says otherwise. Hex; headers as text. Printed by make-vault-files.mjs.';
const access = {
  vault: hex(vault),
  epochs: epochs.map(({ epoch }) => ({ epoch, wrapKey: hex(wrapKeyOf(epoch)) })),
  writerSeed: hex(writer.seed),
  writer: hex(writer.publicKey),
  reader: hex(reader.publicKey),
};
console.log(JSON.stringify({ about, access, vectors }, undefined, 2));
