// Authorizes the keys that it is given, one after the other, and revokes every second one.
import { AuthorizedClientsFile, silentLogger } from '../../dist/index.js';

const [path, ...keys] = process.argv.slice(2);
const file = new AuthorizedClientsFile(path, silentLogger);
process.stdout.write('ready\n');
for (const [index, key] of keys.entries()) {
  await file.add(key);
  if (index % 2 === 1) await file.remove(key);
}
process.stdout.write('done\n');
