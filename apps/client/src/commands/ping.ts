import { defineCommand } from '../command.js';
import { withClient } from '../session.js';

/** Asks whether the server answers. */
export const pingCommand = defineCommand({
  name: 'ping',
  usage: '',
  summary: 'Ask whether the server answers, and how fast',
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
