import { setTimeout as delay } from 'node:timers/promises';

import type { Transport } from '@e2eeftp/transport';

/** For how long a server may hold a connection that its client has ended, in milliseconds. */
const patience = 30_000;

/**
 * @param work - what ends once a server has hung up
 * @returns whether it ends before anybody's patience does
 */
export async function endsInTime(work: Promise<unknown>): Promise<boolean> {
  const hasEnded = new AbortController();
  const tooLate = delay(patience, false, { signal: hasEnded.signal }).catch(() => false);
  const isInTime = await Promise.race([work.then(() => true), tooLate]);
  hasEnded.abort();
  return isInTime;
}

/**
 * Says nothing more, and hears the server out.
 *
 * @returns all that it says until it hangs up, or nothing when it does not hang up
 */
export async function hearOut(transport: Transport): Promise<Buffer | undefined> {
  const heard: Buffer[] = [];
  const read = async (): Promise<void> => {
    for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
      heard.push(Buffer.from(chunk));
    }
  };
  await transport.end().catch(() => undefined);
  // A server need not wait for all that was to come.
  const isInTime = await endsInTime(read().catch(() => undefined));
  return isInTime ? Buffer.concat(heard) : undefined;
}
