import { defineCommand } from '../command.js';
import { withClient } from '../workspace.js';
import { summaries } from './summaries.js';

/** Lists what the server can do. */
export const commandsCommand = defineCommand({
  name: 'commands',
  usage: '',
  summary: summaries.commands,
  arity: [0, 0],
  options: {},
  runV1: async (invocation) => (await import('../v1/server-commands.js')).commandsV1(invocation),
  async run(invocation) {
    const { output, signal } = invocation;
    const commands = await withClient(invocation, (client) => client.commands({ signal }));
    const width = Math.max(0, ...commands.map(({ name }) => name.length));
    for (const { name, summary } of commands) {
      await output.result({ type: 'command', name, summary }, [
        `${name.padEnd(width)}  ${summary}`,
      ]);
    }
    return undefined;
  },
});
