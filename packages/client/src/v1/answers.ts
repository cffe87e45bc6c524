import { parseV1Length, type V1Answer } from '@e2eeftp/protocol';

import { ClientError, errorForStatus } from '../errors.js';

/** What a server says when a payload was not what the client had sealed. */
const altered: V1Answer = { status: 500, text: 'Decryption Failed' };

/**
 * @param what - what was asked, as people name it
 * @param answer - the answer to it
 * @returns the answer, when it is no refusal
 * @throws ClientError the refusal
 */
export function accepted(what: string, answer: V1Answer): V1Answer {
  const { status, text } = answer;
  if (status < 400) return answer;
  if (status === altered.status && text === altered.text) {
    throw new ClientError(
      'integrity',
      `${what}: something else arrived at the server than was sent, and it stored nothing; send it again`,
    );
  }
  throw errorForStatus(what, status, text);
}

/**
 * @param what - what was asked, as people name it
 * @param answer - the answer to it
 * @param status - what an answer to it has when all is well
 * @returns what stands behind the status
 * @throws ClientError the refusal, or `not-e2eeftp` for another status
 */
export function expectStatus(what: string, answer: V1Answer, status: number): string {
  const { status: actual, text } = accepted(what, answer);
  if (actual === status) return text;
  throw new ClientError('not-e2eeftp', `${what}: the server answered with status ${actual}`);
}

/**
 * @param what - what was asked, as people name it
 * @param answer - the answer to it
 * @returns how many bytes follow it
 * @throws ClientError the refusal, or `not-e2eeftp`
 * @throws ProtocolError when there is no number
 */
export function expectBody(what: string, answer: V1Answer): number {
  return parseV1Length(expectStatus(what, answer, 200));
}
