import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@jest/globals';
import { formatPublicKey, Identity } from '@e2eeftp/crypto';

import { AuthorizedClientsFile } from '../../../src/authorization/authorized-clients-file.js';
import { DataDirectory } from '../../../src/data-directory.js';
import { loadOrCreateServerIdentity } from '../../../src/identity-file.js';
import { silentLogger } from '../../../src/logger.js';
import { FileHelloRecord } from '../../../src/v1/file-hello-record.js';
import type { Place, Scenario } from './campaign.js';

const alice = Identity.generate().publicKey;
const bob = Identity.generate().publicKey;
const aliceLine = `${formatPublicKey(alice)} name=alice`;
const bobLine = `${formatPublicKey(bob)} name=bob`;
const identityOf = new Map<string, Buffer>();

function clientsOf({ data }: Place): AuthorizedClientsFile {
  return new AuthorizedClientsFile(join(data, 'authorized_clients.pub'), silentLogger);
}

async function openAndClose(directory: string): Promise<Identity> {
  const data = await DataDirectory.open(directory);
  await data.close();
  return data.identity;
}

/** The key is the one that was there, or whole and new, and the public key belongs to it. */
async function expectOneIdentity(directory: string): Promise<void> {
  const identity = await loadOrCreateServerIdentity(directory, silentLogger);
  const again = await loadOrCreateServerIdentity(directory, silentLogger);
  expect(Buffer.from(again.publicKey).equals(identity.publicKey)).toBe(true);
  const known = identityOf.get(directory);
  if (known) expect(known.equals(identity.publicKey)).toBe(true);
}

/** The files of a data directory beside the tree, and the directory as a whole. */
export function directoryScenarios(): readonly Scenario[] {
  return [
    {
      name: 'opening a data directory for the first time',
      store: false,
      run: ({ data }) => openAndClose(join(data, 'fresh')),
      verify: async ({ data }) => {
        await openAndClose(join(data, 'fresh'));
        await expectOneIdentity(join(data, 'fresh'));
      },
    },
    {
      name: 'opening a data directory',
      before: { f: 'content' },
      store: false,
      prepare: async ({ data }) => {
        const identity = await loadOrCreateServerIdentity(data, silentLogger);
        identityOf.set(data, Buffer.from(identity.publicKey));
        await chmod(join(data, 'server_id.key'), 0o644);
        await writeFile(join(data, 'known_server.pub'), 'of an earlier identity');
        await writeFile(join(data, 'authorized_clients.pub'), aliceLine);
      },
      run: async ({ data }) => {
        const { publicKey } = await openAndClose(data);
        expect(identityOf.get(data)?.equals(publicKey)).toBe(true);
      },
      verify: async (place) => {
        await expectOneIdentity(place.data);
        expect(await clientsOf(place).authorize(alice)).toBeDefined();
      },
    },
    {
      name: 'authorizing a client',
      prepare: (place) => clientsOf(place).add(aliceLine),
      run: (place) => clientsOf(place).add(bobLine),
      verify: async (place, hasSucceeded) => {
        const text = await readFile(join(place.data, 'authorized_clients.pub'), 'utf8');
        const both = `${aliceLine}\n${bobLine}\n`;
        expect(hasSucceeded ? [both] : [both, `${aliceLine}\n`]).toContain(text);
      },
    },
    {
      name: 'authorizing the first client',
      run: (place) => clientsOf(place).add(bobLine),
      verify: async (place, hasSucceeded) => {
        const { clients, invalid } = await clientsOf(place).read();
        expect(invalid).toEqual([]);
        if (hasSucceeded) expect(clients).toHaveLength(1);
      },
    },
    {
      name: 'revoking a client',
      prepare: async (place) => {
        await clientsOf(place).add(aliceLine);
        await clientsOf(place).add(bobLine);
      },
      run: (place) => clientsOf(place).remove('bob'),
      verify: async (place, hasSucceeded) => {
        const text = await readFile(join(place.data, 'authorized_clients.pub'), 'utf8');
        const one = `${aliceLine}\n`;
        expect(hasSucceeded ? [one] : [one, `${one}${bobLine}\n`]).toContain(text);
      },
    },
    {
      name: 'looking a client up',
      prepare: (place) => clientsOf(place).add(aliceLine),
      run: async (place) => {
        const client = await clientsOf(place).authorize(alice);
        if (!client) throw new Error('a client was turned away as if nobody had authorized it');
      },
    },
    {
      name: 'claiming hellos of the first generation',
      prepare: ({ data }) => mkdir(join(data, 'hellos')),
      run: async ({ data }) => {
        const record = await FileHelloRecord.open(join(data, 'hellos'));
        const fresh = Identity.generate().publicKey;
        expect(await record.claim(alice, fresh)).toBe(true);
        expect(await record.claim(alice, fresh)).toBe(false);
        expect(await record.claim(alice, new Uint8Array(32))).toBe(usedUp.has(data) ? false : true);
        usedUp.add(data);
      },
      verify: async ({ data }, hasSucceeded) => {
        const record = await FileHelloRecord.open(join(data, 'hellos'));
        // What was let in once must never be let in again.
        if (hasSucceeded) expect(await record.claim(alice, new Uint8Array(32))).toBe(false);
        else await record.claim(alice, new Uint8Array(32));
        usedUp.add(data);
      },
    },
  ];
}

const usedUp = new Set<string>();
