import { execFileSync } from 'node:child_process';

/** Why a program cannot be measured, or nothing. */
export function programMissing(name) {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', name], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${name} is not installed`;
  }
}
