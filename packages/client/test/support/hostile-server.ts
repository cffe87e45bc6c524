import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  commandSchemas,
  comparePaths,
  type CborValue,
  type CommandResult,
  type Entry,
} from '@e2eeftp/protocol';
import {
  builtinCommands,
  CommandError,
  FileCards,
  FileStore,
  Server,
  type Answer,
  type Command,
  type CommandContext,
  type Logger,
} from '@e2eeftp/server';
import { StoredFiles } from '@e2eeftp/testkit';

import { Identity } from '../../src/index.js';

/** A request that a hostile server is about to answer. */
interface Asked {
  /** The arguments, as they came. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly context: CommandContext;
  /**
   * @param args - what to answer for; by default what was asked
   * @returns the answer of an honest server
   */
  readonly honestly: (args?: Readonly<Record<string, unknown>>) => Promise<Answer>;
}

/** What a hostile server says instead of the truth. */
type Lie = (asked: Asked) => Promise<Answer>;

/** What a listing is turned into. */
type ListingLie = (entries: Entry[], folder: string) => Entry[];

/**
 * A real server whose operator does what he likes:
 *
 * - `disk` has what is stored, to be altered below the server's rules;
 * - `lie` and its kin alter what the server answers;
 * - without its rules (`keepsRules`), it lets everybody read and write everything, also in vaults.
 *
 * It writes its log, with everything that it says, into the folder that holds its files.
 */
export class HostileServer {
  /** Who the server is, for clients. */
  readonly publicKey: Uint8Array;
  /** Everything that the server keeps. */
  readonly disk: StoredFiles;
  /** Whether clients get only what they may have. */
  keepsRules = true;
  readonly #store: FileStore;
  readonly #server: Server;
  readonly #lies = new Map<string, Lie>();

  private constructor(disk: StoredFiles, store: FileStore, cards: FileCards) {
    const identity = Identity.generate();
    this.publicKey = identity.publicKey;
    this.disk = disk;
    this.#store = store;
    this.#server = new Server({
      identity,
      authorizer: {
        authorize: async (who) => ({ identity: who, name: undefined, access: 'rw' }),
      },
      store,
      cards,
      commands: builtinCommands.map((command) => this.#hostile(command)),
      logger: logInto(disk.locate('server.log')),
    });
  }

  /** @returns the server, which listens at 127.0.0.1; close it */
  static async start(): Promise<HostileServer> {
    const directory = await mkdtemp(join(tmpdir(), 'e2eeftp-hostile-'));
    const disk = new StoredFiles(directory);
    // A folder that is kept open would be the same one after it was moved.
    const store = await FileStore.open({ directory, durability: 'relaxed', keepFolders: 0 });
    const cards = await FileCards.open(join(directory, '.e2eeftp', 'cards'), store.locks);
    const hostile = new HostileServer(disk, store, cards);
    await hostile.#server.start({ port: 0 });
    return hostile;
  }

  /** The port at 127.0.0.1. */
  get port(): number {
    return this.#server.address.port;
  }

  /**
   * Answers a command otherwise from now on.
   *
   * @param command - its word
   * @param lie - makes the answer
   */
  lie(command: string, lie: Lie): void {
    this.#lies.set(command, lie);
  }

  /** Says the truth from now on, as its disk has it. */
  confess(): void {
    this.#lies.clear();
  }

  /**
   * Alters listings, and what is said of single entries accordingly.
   *
   * @param change - turns the entries of a folder into others; their order does not matter
   */
  lieInListings(change: ListingLie): void {
    this.lie('LIST', async ({ args, honestly }) => {
      const answer = await honestly();
      const result = resultOf('LIST', answer);
      const entries = change(result.entries, String(args['path']));
      entries.sort((one, other) => comparePaths(one.path, other.path));
      return { ...answer, result: { ...result, entries } as unknown as CborValue };
    });
  }

  /**
   * Alters what is said of single files and folders, apart from listings.
   *
   * @param change - turns what is there into something else
   */
  lieInStats(change: (entry: Entry) => Entry): void {
    this.lie('STAT', async ({ honestly }) => {
      const answer = await honestly();
      return { ...answer, result: { ...change(resultOf('STAT', answer)) } };
    });
  }

  /**
   * Gives the bytes of other files than were asked for, and everything that is said of them.
   *
   * @param places - the path whose file is given, by the path that is asked for; nothing is given where
   *   there is none
   */
  giveInstead(places: ReadonlyMap<string, string | undefined>): void {
    const placeOf = (path: unknown): string => {
      const asked = String(path);
      const given = places.has(asked) ? places.get(asked) : asked;
      if (given === undefined) throw new CommandError(404);
      return given;
    };
    const single: Lie = async ({ args, honestly }) =>
      honestly({ ...args, path: placeOf(args['path']) });
    for (const command of ['GET', 'STAT', 'DIGEST']) this.lie(command, single);
    this.lie('MGET', async ({ args, honestly }) => {
      const paths = Array.isArray(args['paths']) ? args['paths'] : [];
      const answers = await Promise.all(
        paths.map(async (path): Promise<Answer> => {
          try {
            return await honestly({ paths: [placeOf(path)] });
          } catch (error) {
            if (!(error instanceof CommandError)) throw error;
            return { status: 200, result: { files: [{ status: error.status }] } };
          }
        }),
      );
      const files = answers.flatMap((answer) => resultOf('MGET', answer).files);
      const bodies = await Promise.all(answers.map(bytesOf));
      return withBody({ status: 200, result: { files } }, bodies);
    });
  }

  /**
   * Alters the bytes of files as they leave the server.
   *
   * @param change - makes a chunk, or what is given of a small file, into something of the same length
   */
  alterBytes(change: (bytes: Buffer, path: string) => Uint8Array): void {
    this.lie('GET', async ({ args, honestly }) => {
      const answer = await honestly();
      return withBody(answer, [change(await bytesOf(answer), String(args['path']))]);
    });
    this.lie('MGET', async ({ args, honestly }) => {
      const answer = await honestly();
      const body = await bytesOf(answer);
      const { files } = resultOf('MGET', answer);
      const paths = Array.isArray(args['paths']) ? args['paths'] : [];
      let end = 0;
      const parts = files.map(({ file }, index) => {
        const start = end;
        end += file?.size ?? 0;
        return file ? change(body.subarray(start, end), String(paths[index])) : Buffer.alloc(0);
      });
      return withBody(answer, parts);
    });
  }

  /**
   * Gives a card to everybody who asks for one.
   *
   * @param card - the card
   */
  giveCard(card: Uint8Array): void {
    this.lie('CARD', async ({ args, honestly }) => {
      if (args['card'] !== undefined) return honestly();
      return { status: 200, result: { card } };
    });
  }

  /** Stops, and removes everything that it kept. */
  async close(): Promise<void> {
    await this.#server.close();
    await this.#store.close();
    await this.disk.close();
    await rm(this.disk.folder, { recursive: true, force: true });
  }

  #hostile(command: Command): Command {
    return {
      ...command,
      run: (args, context) => {
        const seen = this.keepsRules ? context : { ...context, store: this.#store };
        const honestly = (given = args): Promise<Answer> => command.run(given, seen);
        const lie = this.#lies.get(command.name);
        if (!lie) return honestly();
        return lie({ args: fieldsOf(args), context: seen, honestly });
      },
    };
  }
}

function fieldsOf(args: unknown): Readonly<Record<string, unknown>> {
  return typeof args === 'object' && args !== null ? Object.fromEntries(Object.entries(args)) : {};
}

function resultOf<Name extends 'LIST' | 'STAT' | 'MGET'>(
  name: Name,
  { result }: Answer,
): CommandResult<Name> {
  return commandSchemas[name].result.parse(result) as CommandResult<Name>;
}

async function bytesOf({ body }: Answer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body?.chunks ?? []) chunks.push(Uint8Array.from(chunk));
  } finally {
    await body?.close();
  }
  return Buffer.concat(chunks);
}

function withBody(answer: Answer, parts: readonly Uint8Array[]): Answer {
  const bytes = Buffer.concat(parts);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const close = (): Promise<void> => Promise.resolve();
  return { ...answer, body: { size: bytes.length, chunks: chunks(), close } };
}

function logInto(path: string): Logger {
  const at =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      appendFileSync(path, `${JSON.stringify({ level, message, ...fields })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
