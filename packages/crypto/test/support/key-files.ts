import { readFileSync } from 'node:fs';

/** The text of a file that ssh-keygen has made. */
export function sshKeyFile(name: string): string {
  return readFileSync(new URL(`../fixtures/ssh-keys/${name}`, import.meta.url), 'utf8');
}
