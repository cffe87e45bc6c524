// Runs in a thread of its own, and seals and opens what comes.
import { serveTasks } from '@e2eeftp/task-threads';

import type { VaultResult } from './messages.js';
import { VaultWork } from './vault-work.js';

const work = new VaultWork();

serveTasks(
  (task: Parameters<VaultWork['perform']>[0]): VaultResult => work.perform(task),
  (result) => (result.isUnknown ? [] : [result.contents.bytes.buffer]),
);
