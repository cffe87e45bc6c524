import { resolve } from 'node:path';

import { DataDirectory, Server } from '@e2eeftp/server';
import type { CommandModule } from 'yargs';

import { logFormats, logLevels, makeLogger } from '../logging.js';
import { allowV1Option, dataOption, fromEnvironment, nonEmpty, portOption } from '../options.js';
import { firstSignal } from '../signals.js';

interface StartArguments {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly 'allow-v1': 'all' | 'read' | undefined;
  readonly 'log-level': (typeof logLevels)[number];
  readonly 'log-format': (typeof logFormats)[number];
}

/** `start`: serves until a signal ends it. */
export const start: CommandModule<object, StartArguments> = {
  command: ['start', '$0'],
  describe: 'Serves the files of the data directory',
  builder: {
    host: fromEnvironment('host', {
      type: 'string',
      default: '127.0.0.1',
      requiresArg: true,
      describe: 'Name or address of this machine; 0.0.0.0 and :: are all of them',
      coerce: (value: string) => nonEmpty('--host', value),
    }),
    port: portOption,
    data: dataOption,
    'allow-v1': allowV1Option,
    'log-level': fromEnvironment('log-level', {
      choices: logLevels,
      default: 'info',
      requiresArg: true,
      describe: 'How much to log',
    }),
    'log-format': fromEnvironment('log-format', {
      choices: logFormats,
      default: process.stdout.isTTY ? 'pretty' : 'json',
      defaultDescription: 'pretty at a terminal, else json',
      requiresArg: true,
      describe: 'For people or for programs',
    }),
  },
  handler: serve,
};

const v1Warning =
  "serving the protocol's first generation: names and commands can be read and forged on their way, and whoever has recorded a client's hello that this server never saw can list and delete in its name; move the clients to the current protocol";

async function serve({
  host,
  port,
  data,
  'allow-v1': v1Access,
  ...log
}: StartArguments): Promise<void> {
  const signal = firstSignal();
  const directory = resolve(data);
  const logger = makeLogger({ level: log['log-level'], format: log['log-format'], directory });
  const files = await DataDirectory.open(directory, { logger });
  try {
    const { identity, authorizer, store, hellos } = files;
    const v1 = v1Access && { access: v1Access, hellos };
    if (v1) logger.warn({ access: v1.access }, v1Warning);
    const server = new Server({ identity, authorizer, store, logger, v1 });
    await server.start({ host, port });
    try {
      // What is wrong with the clients is told now, not when the first one comes.
      await authorizer.read();
      logger.info({ signal: await signal }, 'closing; a second signal ends everything at once');
    } finally {
      await server.close();
    }
  } finally {
    await files.close();
  }
}
