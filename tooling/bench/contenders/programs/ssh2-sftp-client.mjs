// PORT USER KEY put|get FROM TO, with ssh2-sftp-client as its documentation has it.
import { readFileSync } from 'node:fs';

import SftpClient from 'ssh2-sftp-client';

const [port, username, key, direction, from, to] = process.argv.slice(2);

const client = new SftpClient();
await client.connect({
  host: '127.0.0.1',
  port: Number(port),
  username,
  privateKey: readFileSync(key),
});
if (direction === 'put') await client.fastPut(from, to);
else await client.fastGet(from, to);
await client.end();
