import type { Command, CommandEntry } from '../command.js';
import { summaries } from './summaries.js';

type Name = keyof typeof summaries;

/** Each is loaded when it is asked for, with all that only it needs: most runs are of one. */
const loaders: Readonly<Record<Name, () => Promise<Command>>> = {
  init: async () => (await import('./init.js')).initCommand,
  id: async () => (await import('./id.js')).idCommand,
  passphrase: async () => (await import('./passphrase.js')).passphraseCommand,
  trust: async () => (await import('./trust.js')).trustCommand,
  vault: async () => (await import('./vault/vault-command.js')).vaultCommand,
  send: async () => (await import('./send.js')).sendCommand,
  get: async () => (await import('./get.js')).getCommand,
  sync: async () => (await import('./sync.js')).syncCommand,
  ls: async () => (await import('./list.js')).listCommand,
  stat: async () => (await import('./stat.js')).statCommand,
  mkdir: async () => (await import('./make-folder.js')).makeFolderCommand,
  mv: async () => (await import('./move.js')).moveCommand,
  rm: async () => (await import('./remove.js')).removeCommand,
  ping: async () => (await import('./ping.js')).pingCommand,
  whoami: async () => (await import('./whoami.js')).whoamiCommand,
  commands: async () => (await import('./server-commands.js')).commandsCommand,
  shell: async () => {
    const { makeShellCommand } = await import('../shell/shell-command.js');
    return makeShellCommand(() => loadAll(shellCommands));
  },
  completion: async () => {
    const { makeCompletionCommand } = await import('../completion/completion-command.js');
    return makeCompletionCommand(() => loadAll(shownCommands));
  },
  'remote-names': async () =>
    (await import('../completion/remote-names-command.js')).remoteNamesCommand,
};

/** For programs, not for people. */
const hidden: Name = 'remote-names';

/** A shell is at a server already, and is no place for programs. */
const notInShell: ReadonlySet<string> = new Set<Name>(['init', 'shell', 'completion', hidden]);

const names = Object.keys(loaders) as readonly Name[];

/** Every command of the program, in the order of the help. */
export const programCommands: readonly CommandEntry[] = names.map((name) => ({
  name,
  summary: summaries[name],
  isHidden: name === hidden,
  load: loaders[name],
}));

const shownCommands = programCommands.filter(({ isHidden }) => !isHidden);
const shellCommands = programCommands.filter(({ name }) => !notInShell.has(name));

/** @returns the names of the commands that the first generation of the protocol knows */
export async function v1CommandNames(): Promise<readonly string[]> {
  const commands = await loadAll(programCommands);
  return commands.filter(({ knowsV1 }) => knowsV1).map(({ name }) => name);
}

function loadAll(entries: readonly CommandEntry[]): Promise<readonly Command[]> {
  return Promise.all(entries.map(({ load }) => load()));
}
