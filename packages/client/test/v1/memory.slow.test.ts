import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

import { formatIdentity } from '@e2eeftp/crypto';
import { expect, test } from '@jest/globals';

import { formatPublicKey } from '../../src/index.js';
import { makeFolder } from '../home/support.js';
import { startOriginal } from './support.js';

const size = 300_000_000;
const megabytes = 150;

/** A process of its own, since what the test's server keeps is not the client's. */
const program = `
import { createWriteStream } from 'node:fs';
import { loadIdentity, parsePublicKey, V1Client } from '${new URL('../../dist/index.js', import.meta.url).href}';
const [folder, port, key, operation] = process.argv.slice(1);
const identity = await loadIdentity(folder + '/client_id.key');
const client = new V1Client({ port: Number(port), identity, server: parsePublicKey(key) });
let most = 0;
const options = { onProgress: () => { most = Math.max(most, process.memoryUsage.rss()); } };
const target = folder + '/target';
if (operation === 'send') await client.send(folder + '/source', 'file', options);
if (operation === 'get') await client.get('file', target, options);
if (operation === 'get-stream') await client.get('file', createWriteStream(target), options);
options.onProgress();
console.log(most / 1e6);
`;

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

test('a file of 300 MB goes there and back in less than 150 MB', async () => {
  const { options, server } = await startOriginal();
  const folder = await makeFolder();
  await writeFile(join(folder, 'client_id.key'), formatIdentity(options.identity), { mode: 0o600 });
  await writeFile(join(folder, 'source'), 'the beginning');
  await truncate(join(folder, 'source'), size);
  const key = formatPublicKey(options.server as Uint8Array);
  const expected = await digest(join(folder, 'source'));
  for (const operation of ['send', 'get', 'get-stream']) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      program,
      folder,
      String(server.port),
      key,
      operation,
    ]);
    expect(Number(stdout)).toBeLessThan(megabytes);
    expect(Number(stdout)).toBeGreaterThan(10);
    if (operation !== 'send') expect(await digest(join(folder, 'target'))).toBe(expected);
  }
}, 240_000);
