// Swaps a folder for a symbolic link and back, as fast as it can, until it is killed.
import { renameSync, symlinkSync, unlinkSync } from 'node:fs';

const [folder, target] = process.argv.slice(2);

function attempt(step) {
  try {
    step();
  } catch {
    // The store's own calls come in between; the next turn tries again.
  }
}

process.stdout.write('ready\n');
for (;;) {
  attempt(() => renameSync(folder, `${folder}.aside`));
  attempt(() => symlinkSync(target, folder));
  attempt(() => unlinkSync(folder));
  attempt(() => renameSync(`${folder}.aside`, folder));
}
