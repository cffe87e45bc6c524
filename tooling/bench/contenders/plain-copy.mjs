// A plain Node program: 1 MiB reads, everything else as Node has it.
import { copy } from './copy.mjs';

await copy({});
