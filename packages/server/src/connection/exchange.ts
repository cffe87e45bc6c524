import { BodyChannel, type Request } from '@e2eeftp/protocol';
import { keyringFolderName } from '@e2eeftp/vault';

import { answerForError, CommandError, type Answer, type Transferred } from '../command/answer.js';
import type { Command, CommandContext } from '../command/command.js';
import { batchPaths } from './batch-paths.js';

/**
 * One request with its body and its answer, from the moment when it was read to the moment when
 * the answer is out.
 */
export class Exchange {
  readonly request: Request;
  readonly command: Command | undefined;
  /** What the client sends behind the request. */
  readonly body: BodyChannel | undefined;
  /** When the request was read, as `performance.now()` says. */
  readonly startedAt = performance.now();
  /** Bytes of the answer's body that were sent. */
  sent = 0;
  /** Files that the command has moved. */
  transferred: Transferred | undefined;
  /** What went wrong inside, for the log; the answer does not show it. */
  failure: unknown;
  /** What it is about. */
  readonly #paths: ReadonlySet<unknown>;
  /** Whether it is about a keyring of a vault. */
  readonly #hasKeyring: boolean;
  #answer: Promise<Answer> | undefined;

  /**
   * @param request - what the client asks
   * @param command - the command that it asks for, when the server has it
   */
  constructor(request: Request, command: Command | undefined) {
    this.request = request;
    this.command = command;
    this.body = request.body ? new BodyChannel() : undefined;
    this.#paths = new Set(batchPaths(request.args) ?? [request.args['path']]);
    this.#hasKeyring = [...this.#paths].some(isKeyring);
  }

  /** The answer; it never fails, since a failure is an answer too. */
  get answer(): Promise<Answer> {
    return this.#answer ?? Promise.resolve(answerForError(new Error('The request was not begun')));
  }

  /**
   * Whether this request may begin while an earlier one is not answered yet: both only read, or
   * both add files, to different places.
   */
  mayOverlap(earlier: Exchange): boolean {
    const { command } = this;
    if (!command || command.overlaps === 1 || earlier.command?.overlaps === 1) return false;
    if (command.effect !== earlier.command?.effect) return false;
    if (command.effect === 'read') return true;
    // What a client may write behind a new keyring depends on what becomes of that.
    if (this.#hasKeyring || earlier.#hasKeyring) return false;
    for (const path of this.#paths) if (earlier.#paths.has(path)) return false;
    return true;
  }

  /**
   * Begins the work.
   *
   * @param context - what the handler has at hand, the body apart
   * @param refusal - set when the client may not do this
   */
  begin(context: Omit<CommandContext, 'body'>, refusal: CommandError | undefined): void {
    this.#answer = this.#run(context, refusal);
  }

  async #run(
    context: Omit<CommandContext, 'body'>,
    refusal: CommandError | undefined,
  ): Promise<Answer> {
    try {
      if (refusal) throw refusal;
      if (!this.command) throw new CommandError(400, 'Invalid command');
      if (this.body && !this.command.takesBody) throw new CommandError(400);
      const given = await this.command.run(this.request.args, { ...context, body: this.body });
      const answer = asAnswer(given);
      this.transferred = answer.transferred;
      return answer;
    } catch (error) {
      this.failure = error;
      return answerForError(error);
    } finally {
      this.body?.drop();
    }
  }
}

function isKeyring(path: unknown): boolean {
  return typeof path === 'string' && path.split('/', 3)[2] === keyringFolderName;
}

/** A handler need not be TypeScript. */
function asAnswer(value: unknown): Answer {
  if (typeof value === 'object' && value !== null && 'status' in value) return value as Answer;
  throw new TypeError('The handler gave no answer: an object with a status is expected');
}
