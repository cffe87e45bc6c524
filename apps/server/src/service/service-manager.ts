import { spawn } from 'node:child_process';

import type { Logger } from '@e2eeftp/server';

/** Milliseconds after which nobody is listening. */
const patience = 5000;

/**
 * Tells systemd how the server is, where it has asked for that (`Type=notify`): Node cannot write
 * to its socket, a datagram one, so the program that comes with systemd does. It returns once the
 * word has been taken in, so that systemd can still see who said it.
 *
 * @param words - such as `READY=1`
 * @param logger - hears when it fails
 */
export async function tellServiceManager(words: readonly string[], logger: Logger): Promise<void> {
  if ((process.env['NOTIFY_SOCKET'] ?? '') === '') return;
  const failure = await run('systemd-notify', words);
  if (failure !== undefined) {
    const fields = { words, reason: failure };
    logger.warn(fields, 'systemd could not be told; with Type=exec it need not be');
  }
}

function run(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: 'ignore',
      timeout: patience,
      killSignal: 'SIGKILL',
    });
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(code === 0 ? undefined : `it exited with ${code ?? signal ?? 'nothing'}`);
    });
  });
}
