import { ClientError, parseRemoteName } from '@e2eeftp/client';

import { defineCommand, type Command, type Invocation } from '../command.js';
import { summaries } from '../commands/summaries.js';
import { vaultOptions } from '../commands/vault/vault-action.js';
import { globalOptions, type GlobalOptions } from '../global-options.js';
import { readOptions } from '../option.js';
import type { ServerAccess } from '../server-access.js';
import { findConnection, hangUp, openServer } from '../session.js';
import { sortWords } from '../shell/command-words.js';
import { namesIn, splitName } from '../shell/completion.js';
import { localNames } from '../shell/local-names.js';
import { RemoteNames } from '../shell/remote-names.js';
import { scanLine, splitWords, textOf, type Word } from '../shell/words.js';
import { namesFor } from './argument-names.js';
import { KnownNames, wordNames } from './known-names.js';

/** Milliseconds that all of it may take: whoever pressed Tab waits. */
const patience = 2_000;

/** What scripts leave to the program. */
const kinds = ['remote', 'either', 'vault-argument'] as const;

/** Writes names for completion scripts; whatever stands in the way, it writes none. */
export const remoteNamesCommand: Command = defineCommand({
  name: 'remote-names',
  usage: 'WORD [LINE...]',
  summary: summaries['remote-names'],
  arity: [1, Infinity],
  options: { kind: { type: 'string', describe: `What WORD names: ${kinds.join(', ')}` } },
  async run(invocation, { kind: wanted = 'remote' }) {
    const { args, output } = invocation;
    const [typed = '', ...line] = args;
    const signal = AbortSignal.any([invocation.signal, AbortSignal.timeout(patience)]);
    const text = textOf(scanLine(typed).words[0] ?? []);
    const { folder, beginning } = splitName(text);
    const kind = kinds.find((each) => each === wanted) ?? 'remote';
    try {
      const { global, before } = read(line);
      const server = new LateServer({ ...invocation, global, signal });
      try {
        const remote = new RemoteNames({
          connected: () => server.connected(),
          remoteName: parseRemoteName,
        });
        // Where a name can be a local one, the script knows how to complete that.
        const local = kind === 'either' ? wordNames([]) : localNames;
        const places = { local, remote, known: new KnownNames(global) };
        for (const names of namesFor(new Set([kind]), text, before, places)) {
          for (const { name, isFolder } of await namesIn(names, folder, beginning, signal)) {
            const written = `${folder}${name}${isFolder ? '/' : ''}`;
            await output.result({ type: 'name', name: written }, [written]);
          }
        }
      } finally {
        await Promise.race([server.hangUp(), aborted(signal)]);
      }
    } catch {
      return undefined;
    }
    return undefined;
  },
});

/** Connects only for what the server alone knows. */
class LateServer {
  readonly #invocation: Invocation;
  #server: Promise<ServerAccess> | undefined;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
  }

  connected(): Promise<ServerAccess> {
    this.#server ??= connectQuietly(this.#invocation);
    return this.#server;
  }

  async hangUp(): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    if (server) await hangUp(server, this.#invocation.signal);
  }
}

/** The options that the line had so far say which server is meant. */
function read(line: readonly string[]): { global: GlobalOptions; before: readonly string[] } {
  const words: Word[] = line.flatMap((word) => splitWords(word).slice(0, 1));
  const { options, args } = sortWords({ options: vaultOptions }, words);
  const texts = options.map(textOf);
  const given = texts.flatMap((text, index) => {
    const [, name, value = texts[index + 1]] = /^--([^=]+)(?:=(.*))?$/su.exec(text) ?? [];
    return name === undefined || !valued.has(name) ? [] : [[name, value] as const];
  });
  const quick = { timeout: patience / 1000, retries: 0, connections: 1 };
  return {
    global: {
      ...readOptions(globalOptions, Object.fromEntries(given), process.env),
      ...quick,
    },
    // Behind the command stand its arguments.
    before: args.slice(1).map(textOf),
  };
}

/** What says where to connect, and as whom. */
const valued: ReadonlySet<string> = new Set(['server', 'profile', 'identity', 'server-key']);

async function connectQuietly(invocation: Invocation): Promise<ServerAccess> {
  // Nobody can be asked in the middle of a line.
  const passphrase = (path: string): Promise<never> =>
    Promise.reject(new ClientError('bad-identity', `The key ${path} has a passphrase`));
  return openServer(invocation, await findConnection(invocation, { passphrase }));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}
