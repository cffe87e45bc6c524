import { abortedError, throwIfAborted } from '../errors.js';

/**
 * Waits for a promise, but no longer than the caller wants.
 *
 * @param promise - what to wait for; it goes on by itself when the wait is given up
 * @param signal - the caller's signal
 * @returns what the promise gives
 * @throws ClientError `aborted` as soon as the signal says so
 */
export async function untilAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  // Whoever gives up waiting no longer hears of a failure, which must not count as unhandled.
  promise.catch(() => undefined);
  throwIfAborted(signal);
  if (!signal) return promise;
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => {
      reject(abortedError(signal));
    };
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (abort) signal.removeEventListener('abort', abort);
  }
}
