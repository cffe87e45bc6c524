import { commandSchemas, parsePath } from '@e2eeftp/protocol';

import { defineCommand } from '../command/command.js';
import { branches } from '../store/tree.js';
import { listV1Words } from './v1-commands.js';

const [received] = branches;

/** HLIST: which commands there are. */
export const hlist = defineCommand({
  name: 'HLIST',
  summary: 'Lists the commands of this server',
  args: commandSchemas.HLIST.args,
  effect: 'none',
  v1: { fields: {}, instead: listV1Words },
  handler: (_args, { commands }) =>
    Promise.resolve({
      status: 200,
      result: commands.map(({ name, summary }) => ({ name, summary })),
    }),
});

/** PING: whether the server answers. */
export const ping = defineCommand({
  name: 'PING',
  summary: 'Answers, and does nothing else',
  args: commandSchemas.PING.args,
  effect: 'none',
  handler: () => Promise.resolve({ status: 200 }),
});

/** WHOAMI: how the server sees the client. */
export const whoami = defineCommand({
  name: 'WHOAMI',
  summary: 'Tells who you are to this server and what you may do',
  args: commandSchemas.WHOAMI.args,
  effect: 'none',
  async handler(_args, { client, store }) {
    const { identity, name = null, access, quota = null } = client;
    // Who has no quota is not worth a count.
    const used = quota === null ? null : await store.used(parsePath(received));
    return { status: 200, result: { identity, name, access, quota, used } };
  },
});
