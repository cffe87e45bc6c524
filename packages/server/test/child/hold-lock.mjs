// Wants a lock at the moment that it is given, says whether it has it, and keeps it.
import { DirectoryLock } from '../../dist/directory-lock.js';

const [directory, moment] = process.argv.slice(2);
process.stdout.write('ready\n');
while (Date.now() < Number(moment));
try {
  await DirectoryLock.acquire(directory);
  process.stdout.write('held\n');
} catch (error) {
  process.stdout.write(`${error.code}\n`);
}
setInterval(() => undefined, 1000);
