import { lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { ClientError, formatRemotePath } from '@e2eeftp/client';

import { defineCommand, type Command, type Invocation } from '../command.js';
import { forEachArgument } from '../each-argument.js';
import type { ExitCode } from '../exit-code.js';
import { UsageError } from '../failure.js';
import { showEntries } from '../listing.js';
import type { JsonFields } from '../output.js';
import { withTree } from '../workspace.js';
import { noFolders } from '../v1/refuse-option.js';
import { textOfFolder, type ShellWorkspace } from './shell-workspace.js';

/**
 * @param workspace - the shell's
 * @returns the commands that go from folder to folder
 */
export function folderCommands(workspace: ShellWorkspace): readonly Command[] {
  return [
    defineCommand({
      name: 'cd',
      usage: '[REMOTE]',
      summary: 'Go to a folder of the server; without REMOTE, to the top',
      arity: [0, 1],
      options: {},
      run: (invocation) => changeFolder(workspace, invocation),
      runV1: () => Promise.reject(new UsageError(`You cannot go anywhere: ${noFolders}`)),
    }),
    defineCommand({
      name: 'pwd',
      usage: '',
      summary: 'Show in which folder of the server you are',
      arity: [0, 0],
      options: {},
      ...onEither(async ({ output }) => {
        const path = textOfFolder(workspace.folder);
        await output.result({ type: 'folder', path }, [path]);
      }),
    }),
    defineCommand({
      name: 'lcd',
      usage: '[LOCAL]',
      summary: 'Go to a local folder; without LOCAL, to your own',
      arity: [0, 1],
      options: {},
      ...onEither(({ args }) => {
        // Local names mean the same everywhere in the program: what the system takes them for.
        return local(() => {
          process.chdir(args[0] ?? homedir());
        });
      }),
    }),
    defineCommand({
      name: 'lpwd',
      usage: '',
      summary: 'Show in which local folder you are',
      arity: [0, 0],
      options: {},
      ...onEither(async ({ output }) => {
        const path = process.cwd();
        await output.result({ type: 'local-folder', path }, [path]);
      }),
    }),
    listLocal,
    defineCommand({
      name: 'lmkdir',
      usage: 'LOCAL...',
      summary: 'Make local folders, and those above them',
      arity: [1, Infinity],
      options: {},
      run: makeLocalFolders,
      runV1: makeLocalFolders,
    }),
  ];
}

const listLocal = defineCommand({
  name: 'lls',
  usage: '[LOCAL]',
  summary: 'List a local folder',
  arity: [0, 1],
  options: {
    all: { type: 'boolean', alias: 'a', describe: 'Hidden names, too' },
    long: { type: 'boolean', alias: 'l', describe: 'Show sizes in bytes, and times' },
    human: { type: 'boolean', alias: 'h', describe: 'With -l, round sizes: 1.2 MB' },
  },
  run: showLocal,
  runV1: showLocal,
});

async function showLocal(
  { args, output }: Invocation,
  { all, long, human }: { readonly all: boolean; readonly long: boolean; readonly human: boolean },
): Promise<undefined> {
  await showEntries(output, localEntries(args[0] ?? '.', all), { long, human });
  return undefined;
}

type LocalEntry = JsonFields & {
  readonly type: 'directory' | 'file';
  readonly path: string;
  readonly size: number;
  readonly mtime: number;
};

/** As elsewhere, the listing of a file is the file. */
async function* localEntries(
  path: string,
  isHiddenShown: boolean,
): AsyncGenerator<LocalEntry, void, void> {
  const isFolder = (await local(() => stat(path))).isDirectory();
  const names = isFolder ? (await local(() => readdir(path))).sort() : [path];
  for (const name of names) {
    if (isFolder && name.startsWith('.') && !isHiddenShown) continue;
    const place = isFolder ? join(path, name) : name;
    // A link may lead nowhere, and what was there a moment ago may be gone.
    const stats = await stat(place).catch(() => lstat(place).catch(() => undefined));
    if (!stats) continue;
    const type = stats.isDirectory() ? 'directory' : 'file';
    yield { type, path: name, size: stats.size, mtime: Math.trunc(stats.mtimeMs) };
  }
}

async function changeFolder(workspace: ShellWorkspace, invocation: Invocation): Promise<undefined> {
  const { args, signal } = invocation;
  const name = workspace.remoteName(args[0] ?? '/');
  const { tree, path } = name;
  const { path: top } = workspace.remoteName(`${tree}:`);
  await withTree(invocation, name, async (there) => {
    if (path === top) return;
    const { type } = await there.stat(path, { signal });
    if (type === 'directory') return;
    throw new UsageError(`${formatRemotePath(tree, path)} is a file, and no folder`);
  });
  const below = top === '' ? path : path.slice(top.length + 1);
  workspace.folder = { tree, path: below };
  return undefined;
}

function makeLocalFolders(invocation: Invocation): Promise<ExitCode> {
  return forEachArgument(invocation, async (path) => {
    await local(() => mkdir(path, { recursive: true }));
    await invocation.output.event({ type: 'local-folder', path }, `Made ${path}`);
  });
}

/** What has nothing to do with a server is the same for both generations of the protocol. */
function onEither(task: (invocation: Invocation) => Promise<void>): {
  run: (invocation: Invocation) => Promise<undefined>;
  runV1: (invocation: Invocation) => Promise<undefined>;
} {
  const run = async (invocation: Invocation): Promise<undefined> => {
    await task(invocation);
    return undefined;
  };
  return { run, runV1: run };
}

async function local<Result>(task: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError('local-file', message, { cause });
  }
}
