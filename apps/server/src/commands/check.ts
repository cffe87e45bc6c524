import { printable } from '@e2eeftp/server';
import type { CommandModule } from 'yargs';

import { checkConfiguration } from '../check/check-configuration.js';
import { checkServer } from '../check/check-server.js';
import type { Finding } from '../check/finding.js';
import { UsageError } from '../failure.js';
import { jsonOption } from '../options.js';
import { resolveSettings, settingOptions, type Arguments } from '../settings/resolve.js';
import { settingNames } from '../settings/table.js';

interface CheckArguments {
  readonly json: boolean;
}

const marks: Readonly<Record<Finding['verdict'], string>> = {
  ok: 'OK',
  warning: 'WARNING',
  wrong: 'WRONG',
};

/** `check`: says what would keep a server from working, all of it, and changes nothing. */
export const check: CommandModule<object, CheckArguments> = {
  command: 'check',
  describe: 'Says what would keep the server from working, and changes nothing',
  builder: { json: jsonOption, ...settingOptions(settingNames) },
  handler: run,
};

async function run(given: Arguments & CheckArguments): Promise<void> {
  const { settings, mistakes, file } = await resolveSettings(settingNames, given);
  const called = mistakes.find(({ source }) => source === 'argument');
  if (called) throw new UsageError(called.message);
  const findings = [
    ...(await checkConfiguration(file, mistakes)),
    ...(await checkServer(settings)),
  ].map((finding) => ({ ...finding, message: printable(finding.message) }));
  const isGood = !findings.some(({ verdict }) => verdict === 'wrong');
  const lines = findings.map((finding) => describe(finding));
  const report = given.json
    ? JSON.stringify({ ok: isGood, findings }, undefined, 2)
    : lines.join('\n');
  process.stdout.write(`${report}\n`);
  if (!isGood) process.exitCode = 1;
}

function describe({ verdict, subject, message, file, line }: Finding): string {
  const place =
    file === undefined ? '' : `${printable(file)}${line === undefined ? '' : `:${line}`}: `;
  return `${marks[verdict].padEnd(7)}  ${subject}: ${place}${message}`;
}
