import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import type { HookSettings } from '../hooks/upload-hooks.js';
import { findingsAbout, type Finding } from './finding.js';

const about = findingsAbout('hooks');

/**
 * @param settings - the hooks
 * @returns what is to be said of them; nothing is run, and nobody is asked over the network
 */
export async function checkHooks(settings: HookSettings): Promise<readonly Finding[]> {
  const { 'on-upload': command, 'on-upload-url': url } = settings;
  const findings: Finding[] = [];
  if (command) {
    const [program] = command;
    const file = await findProgram(program);
    findings.push(
      file === undefined
        ? about.wrong(`there is no program ${program} that this user may run; see on-upload`)
        : about.ok(`${file} can be run`),
    );
  }
  // What stands behind the question mark may be a secret.
  if (url) findings.push(about.ok(`uploads are posted to ${url.origin}${url.pathname}`));
  if (url?.protocol === 'http:' && !isLocal(url.hostname)) {
    findings.push(about.warning('names of files and clients go over http as they are; use https'));
  }
  return findings;
}

/** As the system finds it when no shell does. */
async function findProgram(program: string): Promise<string | undefined> {
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  const candidates = program.includes('/')
    ? [program]
    : path.split(delimiter).map((folder) => join(folder, program));
  for (const candidate of candidates) {
    const isFile = await stat(candidate).then(
      (stats) => stats.isFile(),
      () => false,
    );
    const isAllowed = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isFile && isAllowed) return candidate;
  }
  return undefined;
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
