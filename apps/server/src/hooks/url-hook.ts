import { HookFailure } from './hook-failure.js';
import type { UploadEvent } from './upload-event.js';

/** What says of a refusal that it will pass: too slow, too early, too many. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Tells a web server of an upload.
 *
 * @param url - where to
 * @param event - what it is told
 * @param signal - ends the wait for it
 * @throws HookFailure when it does not answer with success; redirections are not followed, since
 *   they would carry what is told to whom nobody has named
 */
export async function postEvent(url: URL, event: UploadEvent, signal: AbortSignal): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'e2eeftp-server' },
      body: JSON.stringify(event),
      redirect: 'manual',
      signal,
    });
    // Only the status counts; a body may never end.
    await response.body?.cancel();
  } catch (cause) {
    const reason = signal.aborted ? 'it did not answer in time' : reasonOf(cause);
    throw new HookFailure(reason, { cause });
  }
  if (response.ok) return;
  const { status } = response;
  const isPassing = status >= 500 || passingStatuses.has(status);
  throw new HookFailure(`it answered with status ${status}`, { isPassing });
}

/** What went wrong is below "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it could not be reached';
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
  return `it could not be reached (${code})`;
}
