// The same program with buffers of 1 MiB everywhere: what Node can do when nothing is protected.
import { copy } from './copy.mjs';

await copy({ highWaterMark: 1024 * 1024 });
