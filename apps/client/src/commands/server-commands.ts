import { defineCommand } from '../command.js';
import { withClient } from '../session.js';
import { commandsV1 } from '../v1/server-commands.js';

/** Lists what the server can do. */
export const commandsCommand = defineCommand({
  name: 'commands',
  usage: '',
  summary: 'List the commands of the server',
  arity: [0, 0],
  options: {},
  runV1: commandsV1,
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
