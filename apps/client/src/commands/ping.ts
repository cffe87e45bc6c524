import { defineCommand } from '../command.js';
import { withClient } from '../workspace.js';
import { summaries } from './summaries.js';

/** Asks whether the server answers. */
export const pingCommand = defineCommand({
  name: 'ping',
  usage: '',
  summary: summaries.ping,
  arity: [0, 0],
  options: {},
  async run(invocation) {
    const { output, signal } = invocation;
    const milliseconds = await withClient(invocation, (client) => client.ping({ signal }));
    await output.result({ type: 'pong', milliseconds }, [
      `The server answered in ${milliseconds.toFixed(1)} ms`,
    ]);
    return undefined;
  },
});
