import { ClientError, parseRemoteName } from '@e2eeftp/client';

import { defineCommand, type Command, type Invocation } from '../command.js';
import { summaries } from '../commands/summaries.js';
import { globalOptions, type GlobalOptions } from '../global-options.js';
import { readOptions } from '../option.js';
import type { ServerAccess } from '../server-access.js';
import { findConnection, hangUp, openServer } from '../session.js';
import { sortWords } from '../shell/command-words.js';
import { namesIn, splitName } from '../shell/completion.js';
import { RemoteNames } from '../shell/remote-names.js';
import { scanLine, splitWords, textOf, type Word } from '../shell/words.js';

/** Milliseconds that all of it may take: whoever pressed Tab waits. */
const patience = 2_000;

/** Writes names for completion scripts; whatever stands in the way, it writes none. */
export const remoteNamesCommand: Command = defineCommand({
  name: 'remote-names',
  usage: 'WORD [LINE...]',
  summary: summaries['remote-names'],
  arity: [1, Infinity],
  options: {},
  async run(invocation) {
    const { args, output } = invocation;
    const [typed = '', ...line] = args;
    const signal = AbortSignal.any([invocation.signal, AbortSignal.timeout(patience)]);
    const { folder, beginning } = splitName(textOf(scanLine(typed).words[0] ?? []));
    try {
      const global = { ...optionsOf(line), timeout: patience / 1000, retries: 0, connections: 1 };
      const server = await connectQuietly({ ...invocation, global, signal });
      try {
        const names = new RemoteNames({
          connected: () => Promise.resolve(server),
          remoteName: parseRemoteName,
        });
        for (const { name, isFolder } of await namesIn(names, folder, beginning, signal)) {
          const text = `${folder}${name}${isFolder ? '/' : ''}`;
          await output.result({ type: 'name', name: text }, [text]);
        }
      } finally {
        await Promise.race([hangUp(server, signal), aborted(signal)]);
      }
    } catch {
      return undefined;
    }
    return undefined;
  },
});

/** The options that the line had so far say which server is meant. */
function optionsOf(line: readonly string[]): GlobalOptions {
  const words: Word[] = line.flatMap((word) => splitWords(word).slice(0, 1));
  const texts = sortWords({ options: {} }, words).options.map(textOf);
  const given = texts.flatMap((text, index) => {
    const [, name, value = texts[index + 1]] = /^--([^=]+)(?:=(.*))?$/su.exec(text) ?? [];
    return name === undefined || !valued.has(name) ? [] : [[name, value] as const];
  });
  return readOptions(globalOptions, Object.fromEntries(given), process.env);
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
