import { defaultBackend, V1PayloadSealer, type V1Keys } from '@e2eeftp/crypto';
import { formatV1Answer } from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

import { asBytes, textOf, type Answer, type AnswerBody } from '../command/answer.js';

/** What an answer is sent with. */
export interface SendAnswerOptions {
  readonly transport: Transport;
  readonly keys: V1Keys;
  /** Milliseconds for which the client may take no byte. */
  readonly progressTimeout: number;
}

/**
 * Sends a command's answer as the first generation has it: a line, and behind it a body as an
 * encrypted payload, or a list of texts in the clear.
 *
 * @param answer - what the command says, its text as the client is to read it
 * @param options - where to
 * @throws TransportError, or what reading the body threw; the client then sees it stop short
 */
export async function sendV1Answer(answer: Answer, options: SendAnswerOptions): Promise<void> {
  const { status, text = textOf(status), result, body } = answer;
  if (body?.size !== undefined) return sendPayload(status, body, body.size, options);
  const lines = isListing(result) ? Buffer.from(result.join('\n')) : undefined;
  const line = formatV1Answer({ status, text: lines ? String(lines.length) : text });
  return write(lines ? [line, lines] : [line], options);
}

async function sendPayload(
  status: number,
  { chunks }: AnswerBody,
  plaintextLength: number,
  options: SendAnswerOptions,
): Promise<void> {
  const { keys } = options;
  const sealer = new V1PayloadSealer({ backend: defaultBackend, keys, plaintextLength });
  await write([formatV1Answer({ status, text: String(sealer.payloadLength) })], options);
  for await (const chunk of chunks) await write(sealer.update(asBytes(chunk)), options);
  await write(sealer.final(), options);
}

/** While a body is slow to come, a connection that stands still says nothing of the client. */
async function write(
  parts: readonly Uint8Array[],
  { transport, progressTimeout }: SendAnswerOptions,
): Promise<void> {
  transport.setIdleTimeout(progressTimeout);
  await transport.write(parts);
  transport.setIdleTimeout(0);
}

function isListing(result: unknown): result is readonly string[] {
  return Array.isArray(result) && result.every((item) => typeof item === 'string');
}
