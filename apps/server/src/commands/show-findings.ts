import { printable } from '@e2eeftp/server';

import { checkConfiguration } from '../check/check-configuration.js';
import { checkServer } from '../check/check-server.js';
import type { Finding } from '../check/finding.js';
import { UsageError } from '../failure.js';
import { resolveSettings, type Arguments } from '../settings/resolve.js';
import { settingNames } from '../settings/table.js';

/** What `check` is given. */
export interface CheckArguments {
  readonly json: boolean;
}

const marks: Readonly<Record<Finding['verdict'], string>> = {
  ok: 'OK',
  warning: 'WARNING',
  wrong: 'WRONG',
};

/**
 * Says what would keep a server from working, all of it, and changes nothing.
 *
 * @param given - the command line
 */
export async function showFindings(given: Arguments & CheckArguments): Promise<void> {
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
