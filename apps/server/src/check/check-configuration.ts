import { stat } from 'node:fs/promises';

import type { Mistake } from '../settings/mistake.js';
import { nearest } from '../settings/nearest.js';
import { settingNames, variableOf, variablePrefix } from '../settings/table.js';
import { findingsAbout, type Finding } from './finding.js';

/** Options of other commands, which can be variables too. */
const otherOptions = ['config', 'json', 'name', 'access', 'v1'];
const otherUsersMayWrite = 0o022;

const about = findingsAbout('configuration');

/**
 * @param file - the configuration file, if there is one
 * @param mistakes - what is wrong in it, and in variables
 * @returns what is to be said of both
 */
export async function checkConfiguration(
  file: string | undefined,
  mistakes: readonly Mistake[],
): Promise<readonly Finding[]> {
  const findings = mistakes.map((mistake) => ({
    ...about.wrong(mistake.message),
    file: mistake.file,
    line: mistake.line,
  }));
  const others = [...unknownVariables(), ...(await checkMode(file))];
  if (findings.length > 0) return [...findings, ...others];
  return [about.ok(file === undefined ? 'no file is used' : `${file} is good`), ...others];
}

function unknownVariables(): readonly Finding[] {
  const known = [...settingNames, ...otherOptions].map((name) => variableOf(name));
  const unknown = Object.keys(process.env).filter(
    (name) => name.startsWith(variablePrefix) && !known.includes(name),
  );
  return unknown.map((name) => {
    const option = name.slice(variablePrefix.length).toLowerCase();
    const meant = nearest(option, settingNames);
    const advice = meant === undefined ? '' : `; did you mean ${variableOf(meant)}?`;
    return about.warning(`the variable ${name} means nothing${advice}`);
  });
}

/** Whoever can write to it can have programs run. */
async function checkMode(file: string | undefined): Promise<readonly Finding[]> {
  if (file === undefined) return [];
  const stats = await stat(file).catch(() => undefined);
  if (!stats?.isFile() || (stats.mode & otherUsersMayWrite) === 0) return [];
  return [about.warning(`other users can change ${file}; take that away with \`chmod go-w\``)];
}
