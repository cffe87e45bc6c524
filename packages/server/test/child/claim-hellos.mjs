// Claims the hellos of an identity, whose numbers and moments it is told, and says which it got.
// Another process is told the same, so the moment decides how close the two come.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';

import { FileHelloRecord } from '../../dist/index.js';

const [folder, identity] = process.argv.slice(2);
const record = await FileHelloRecord.open(folder);
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const [moment, first, count] = line.split(' ').map(Number);
  while (Date.now() < moment);
  const got = [];
  try {
    for (let number = first; number < first + count; number++) {
      const ephemeral = createHash('sha256').update(`${number}`).digest();
      if (await record.claim(Buffer.from(identity, 'hex'), ephemeral)) got.push(number);
    }
    process.stdout.write(`${JSON.stringify(got)}\n`);
  } catch (error) {
    process.stdout.write(`${error.code}\n`);
  }
}
