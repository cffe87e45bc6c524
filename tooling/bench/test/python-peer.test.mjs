// Two implementations that share nothing: what one of them has wrong shows in the other.
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';
import { newIdentity, OriginalClient, startOriginalServer } from '@e2eeftp/original-peer';

import { startServer } from '../library/programs.mjs';

const python = 'python3';
const script = fileURLToPath(new URL('../original/peer.py', import.meta.url));
const program = { name: 'peer.py', command: [python, script] };
const name = 'Große Datei 1.bin';

/** A folder for a server that knows the client in a folder of its own. */
async function withFolders(work) {
  const directory = await mkdtemp(join(tmpdir(), 'e2eeftp-python-'));
  const data = join(directory, 'server');
  const folder = join(directory, 'client');
  const identity = newIdentity();
  try {
    await mkdir(data);
    await mkdir(folder);
    await writeFile(join(folder, 'client_id.key'), identity.privatePem);
    await writeFile(join(data, 'authorized_clients.pub'), `# me\n${identity.publicBase64}\n`);
    await work({ data, folder, identity });
  } finally {
    await rm(directory, { recursive: true });
  }
}

if (spawnSync(python, ['-c', 'import cryptography']).status === 0) {
  describe('with the Python of this machine', () => {
    test('its client is served', async () => {
      await withFolders(async ({ data, folder }) => {
        const server = await startOriginalServer({ directory: data });
        const peer = async (...args) => {
          const address = ['--server', `127.0.0.1:${server.port}`];
          const command = [script, ...args, ...address];
          const { stdout } = await promisify(execFile)(python, command, { cwd: folder });
          const lines = stdout.trimEnd().split('\n');
          expect(JSON.parse(lines.pop()).peakMemory).toBeGreaterThan(2 ** 20);
          return lines;
        };
        try {
          await writeFile(join(folder, 'known_server.pub'), server.publicPem);
          for (const size of [0, 1, 15, 16, 17, 65536]) {
            const file = randomBytes(size);
            await writeFile(join(folder, name), file);
            await peer('send', name);
            expect(await readFile(join(data, 'received', name))).toEqual(file);
            await peer('get', name);
            expect(await readFile(join(folder, `downloaded_${name}`))).toEqual(file);
          }
          expect(await peer('ls')).toEqual([name]);
          expect(await peer('commands')).toEqual(['SEND', 'GET', 'LIST', 'DELETE', 'HLIST']);
          await peer('rm', name);
          await expect(peer('get', name)).rejects.toThrow('404|File not found');
        } finally {
          await server.close();
        }
      });
    });

    test('its server serves', async () => {
      await withFolders(async ({ data, identity }) => {
        const server = await startServer(program, ['serve', data, '0']);
        try {
          const client = new OriginalClient({
            port: server.port,
            clientKeyPem: identity.privatePem,
            serverPublicPem: await readFile(join(data, 'known_server.pub'), 'utf8'),
          });
          const ask = async (line) => (await client.exchange(line)).answer.toString();
          for (const size of [0, 1, 15, 16, 17, 65536]) {
            const file = randomBytes(size);
            expect(await client.send(name, file)).toBe('226|Transfer Complete');
            expect(await client.get(name)).toMatchObject({ content: file });
          }
          expect(await client.list()).toMatchObject({ body: name });
          expect(await client.hlist()).toMatchObject({ body: 'SEND\nGET\nLIST\nDELETE\nHLIST' });
          expect(await client.delete(name)).toBe('200|File deleted');
          expect(await ask('delete|nothing')).toBe('404|File not found\n');
          expect(await ask('get|nothing')).toBe('404|File not found: nothing\n');
          expect(await ask('SEND|nothing')).toBe('400|Malformed request\n');
          expect(await ask('SEND|nothing|0')).toBe('500|Decryption Failed\n');
          expect(await ask('exit')).toBe('400|Invalid Command\n');
        } finally {
          await server.stop();
        }
      });
    });
  });
} else {
  test('there is no Python with cryptography here', () => {
    expect(spawnSync(python, ['-c', 'import cryptography']).status).not.toBe(0);
  });
}
