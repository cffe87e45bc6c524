import type { BodyChannel } from '@e2eeftp/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';

import type { AuthorizedClient } from '../authorization/authorizer.js';
import type { ServerLimits } from '../limits.js';
import type { CardStore } from '../cards/card-store.js';
import type { Logger } from '../logger.js';
import type { ServerObserver } from '../observer.js';
import type { Store } from '../store/store.js';
import { CommandError, MissingHandlerError, type Answer } from './answer.js';

/** The body of a request, as a handler reads it. */
export type RequestBody = Pick<BodyChannel, 'end' | typeof Symbol.asyncIterator>;

/** What a command's handler has at hand. */
export interface CommandContext {
  /** Who asks. */
  readonly client: AuthorizedClient;
  /** The files. */
  readonly store: Store;
  /** The cards by which clients are added to vaults. */
  readonly cards: CardStore;
  /** Says what happens, with the connection's and the client's names on every line. */
  readonly logger: Logger;
  /** Hears what the server does, also of files that the command stores. */
  readonly observer: ServerObserver;
  /** Aborted when the connection ends: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Every command of the server. */
  readonly commands: readonly Command[];
  /** What the server allows. */
  readonly limits: ServerLimits;
  /**
   * The request's body, for commands that take one; `undefined` when the client sent none. When
   * iterating over it throws, nothing of it may be kept.
   */
  readonly body: RequestBody | undefined;
}

/**
 * What a command does with the files, which decides who may use it: `none` (everybody), `read`,
 * `send` (adds files without showing any), `change`.
 */
export type CommandEffect = 'none' | 'read' | 'send' | 'change';

/**
 * What a field of a v1 command line stands for: a file by its flat name, which becomes its path in
 * the tree; any text; or a whole number that is not negative.
 */
export type V1FieldKind = 'path' | 'text' | 'number';

/** A text for people, or one that repeats what the client sent. */
type V1Text = string | ((fields: readonly string[]) => string);

/**
 * How clients of the protocol's first generation reach a command. Its lines and answers can be read
 * and changed on the wire, and old ones repeated: offer only what that cannot harm.
 *
 * A command that takes a body has the length of its payload as a field more, the last one. Of an
 * answer they get the status and the text; behind it, a body as an encrypted payload, or, when the
 * result is a list of texts, those, a line each, in the clear.
 */
export interface V1Form {
  /** The arguments that the fields become, in the order of the fields. */
  readonly fields: Readonly<Record<string, V1FieldKind>>;
  /** What the client reads for a status, where it is not the answer's own text. */
  readonly texts?: Readonly<Partial<Record<number, V1Text>>>;
  /** What is run, where the word means something else in the first generation. */
  readonly instead?: Command;
}

/** A command as its author writes it down. */
export interface CommandDefinition<Schema extends StandardSchemaV1> {
  /** The command's word: upper-case letters, digits and `_`, beginning with a letter. */
  readonly name: string;
  /** One sentence for people, for HLIST. */
  readonly summary: string;
  /** What the arguments must look like: any Standard Schema, such as one of zod's. */
  readonly args: Schema;
  /** What it does with the files. */
  readonly effect: CommandEffect;
  /** Whether a request may have a body; without it, a body is refused. */
  readonly takesBody?: boolean;
  /**
   * How many requests of a connection may be worked on at once, if nobody can tell from the outcome;
   * by default one. `Infinity` stands for as many as the server allows. Answers keep the order of
   * the requests all the same.
   */
  readonly overlaps?: number;
  /** How clients of the first generation reach it; by default they do not. */
  readonly v1?: V1Form;
  /**
   * Does the work.
   *
   * @param args - the arguments, as the schema gives them
   * @param context - who asks, the files, and more
   * @returns the answer; a thrown CommandError or StoreError is answered with its status, anything
   *   else with 500
   */
  handler(args: StandardSchemaV1.InferOutput<Schema>, context: CommandContext): Promise<Answer>;
}

/** A command in a server's table. Made by {@link defineCommand}. */
export interface Command {
  /** The command's word. */
  readonly name: string;
  /** One sentence for people. */
  readonly summary: string;
  /** What it does with the files. */
  readonly effect: CommandEffect;
  /** Whether a request may have a body. */
  readonly takesBody: boolean;
  /** How many requests of a connection may be worked on at once. */
  readonly overlaps: number;
  /** How clients of the first generation reach it, if they do. */
  readonly v1?: V1Form | undefined;
  /**
   * Checks the arguments and does the work.
   *
   * @param args - what the client sent
   * @param context - who asks, the files, and more
   * @returns the answer
   * @throws CommandError 400 when the arguments do not fit the schema
   */
  run(args: unknown, context: CommandContext): Promise<Answer>;
}

/**
 * Makes a command for a server's table. The built-in ones are made in the same way.
 *
 * @param definition - the command
 * @returns what `Server` takes in its `commands`
 */
export function defineCommand<Schema extends StandardSchemaV1>(
  definition: CommandDefinition<Schema>,
): Command {
  const { name, summary, args: schema, effect, takesBody = false, overlaps = 1 } = definition;
  return {
    name,
    summary,
    effect,
    takesBody,
    overlaps,
    v1: definition.v1,
    async run(args, context) {
      // A table need not be TypeScript.
      if (typeof definition.handler !== 'function') throw new MissingHandlerError(name);
      const checked = await schema['~standard'].validate(args);
      if (checked.issues) throw new CommandError(400, undefined, { cause: checked.issues });
      return definition.handler(checked.value, context);
    },
  };
}
