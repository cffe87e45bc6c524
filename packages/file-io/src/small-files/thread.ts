// Runs in a thread of its own and does the tasks that come, one after the other.
import { serveTasks } from '@e2eeftp/task-threads';

import { memoryOf, perform } from './tasks.js';

serveTasks(perform, memoryOf);
