import { resolve } from 'node:path';

import type { CommandModule } from 'yargs';

import { takeActivatedSocket } from '../service/activation.js';
import { requireSettings, settingOptions, type Arguments } from '../settings/resolve.js';
import { settingNames } from '../settings/table.js';
import { firstSignal, HangUps } from '../signals.js';

/** `start`: serves until a signal ends it. */
export const start: CommandModule<object, Arguments> = {
  command: ['start', '$0'],
  describe: 'Serves the files of the data directory',
  builder: settingOptions(settingNames),
  handler: serve,
};

async function serve(given: Arguments): Promise<void> {
  const ended = firstSignal();
  const hangUps = new HangUps();
  const settings = await requireSettings(settingNames, given);
  const descriptor = takeActivatedSocket(process.env, process.pid);
  const { host, port, data, 'log-level': level, 'log-format': logFormat } = settings;
  const format = logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const { makeLogger } = await import('../logging.js');
  const logger = await makeLogger({ level, format, directory: resolve(data) });
  const { runService } = await import('../service/run-service.js');
  await runService({ settings, given, place: { host, port, descriptor }, logger, ended, hangUps });
}
