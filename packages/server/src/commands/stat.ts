import { commandSchemas } from '@e2eeftp/protocol';

import { defineCommand } from '../command/command.js';

/** STAT: what is at a path. */
export const stat = defineCommand({
  name: 'STAT',
  summary: 'Tells size, time and etag of a file or folder',
  args: commandSchemas.STAT.args,
  effect: 'read',
  overlaps: Infinity,
  handler: async ({ path }, { store }) => ({
    status: 200,
    result: { ...(await store.stat(path)) },
  }),
});
