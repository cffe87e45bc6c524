import { runOperation } from '../operation/operation.js';
import type { OperationOptions } from '../options.js';
import type { UploadSource } from '../transfer/source.js';
import type { DownloadTarget } from '../transfer/target.js';
import { accepted, expectStatus } from './answers.js';
import { overV1Connection } from './connection.js';
import { downloadV1 } from './download.js';
import { listV1 } from './listing.js';
import { checkV1Name } from './name.js';
import type { V1ClientOptions, V1GetOptions, V1SendOptions } from './options.js';
import { uploadV1 } from './upload.js';

/**
 * A client of a server that speaks the first generation of the protocol, the one of the original
 * Python program. Use it only where nothing newer runs (SPEC.md, first generation): contents are
 * encrypted and authenticated, while commands, names, listings and answers go over the wire in the
 * clear, and whoever is in between can read and change them.
 *
 * Each operation opens a connection of its own, so any number may be called at the same time, and
 * there is nothing to close. Every operation settles: with its result, or with a `ClientError`,
 * within the timeouts, whatever the server does. A server that does not authorize the client hangs
 * up without a word; that gives `not-authorized`.
 *
 * Names are flat: there are no folders.
 */
export class V1Client {
  readonly #options: V1ClientOptions;

  /** @param options - how to reach the server, as whom, and which server to trust */
  constructor(options: V1ClientOptions) {
    this.#options = options;
  }

  /**
   * Sends a file. It replaces an older one of that name.
   *
   * @param source - a local path, bytes, or a stream of bytes, whose size has to be given
   * @param name - under which name
   * @param options - the size, progress, and a signal
   * @returns the file's size in bytes
   * @throws ClientError `local-file` also for a stream whose size is not given, or is another one;
   *   `integrity` when the server did not get what was sent
   */
  async send(
    source: UploadSource,
    name: string,
    options: V1SendOptions = {},
  ): Promise<{ size: number }> {
    return runOperation(options, async (signal) => ({
      size: await uploadV1(this.#options, source, name, { ...options, signal }),
    }));
  }

  /**
   * Receives a file. Nothing of it is seen before all of it was verified: a local file gets its
   * name only then, and for a stream it waits in a temporary file.
   *
   * @param name - what
   * @param target - a local path, or a stream, which is neither ended nor destroyed
   * @param options - what to do about an older file, progress, and a signal
   * @returns the file's size in bytes
   * @throws ClientError `not-found`; `integrity` when it is not what the server has sent
   */
  async get(
    name: string,
    target: DownloadTarget,
    options: V1GetOptions = {},
  ): Promise<{ size: number }> {
    return runOperation(options, async (signal) => ({
      size: await downloadV1(this.#options, name, target, { ...options, signal }),
    }));
  }

  /**
   * @param options - a signal
   * @returns the names of the server's files as it gives them: nobody vouches for them, so show
   *   them only through `printable`, and use none as a local path
   * @throws ClientError `too-large` above 64 MiB or a million names
   */
  list(options: OperationOptions = {}): Promise<string[]> {
    return runOperation(options, (signal) =>
      listV1(this.#options, 'LIST', 'Cannot list the files', signal),
    );
  }

  /**
   * Removes a file.
   *
   * @param name - what
   * @param options - a signal
   * @throws ClientError `not-found`
   */
  async remove(name: string, options: OperationOptions = {}): Promise<void> {
    const what = `Cannot remove ${checkV1Name(name)}`;
    const command = { word: 'DELETE', fields: [name] };
    await runOperation(options, (signal) =>
      overV1Connection(this.#options, command, signal, async (connection) => {
        expectStatus(what, await connection.answer(), 200);
      }),
    );
  }

  /**
   * @param options - a signal
   * @returns the words of the server's commands, as it gives them
   * @throws ClientError
   */
  commands(options: OperationOptions = {}): Promise<string[]> {
    return runOperation(options, (signal) =>
      listV1(this.#options, 'HLIST', 'Cannot list the commands', signal),
    );
  }

  /**
   * Uses a command that the server's owner added to its table, and that takes and gives one line.
   *
   * @param word - the command
   * @param fields - what stands behind it, in order
   * @param options - a signal
   * @returns the answer, which is whatever the owner chose
   * @throws ClientError when the status is 400 or above; `bad-name` for a field that a line cannot
   *   carry
   */
  async request(
    word: string,
    fields: readonly string[],
    options: OperationOptions = {},
  ): Promise<{ status: number; text: string }> {
    return runOperation(options, (signal) =>
      overV1Connection(this.#options, { word, fields }, signal, async (connection) =>
        accepted(`${word} failed`, await connection.answer()),
      ),
    );
  }
}
