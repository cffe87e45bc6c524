import { CryptoError, defaultBackend, V1PayloadOpener, type V1Keys } from '@e2eeftp/crypto';
import { ProtocolError, type BodyChannel } from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

/** What a payload is received with. */
export interface ReceivePayloadOptions {
  readonly transport: Transport;
  readonly keys: V1Keys;
  /** Bytes of the payload, as the client announced them. */
  readonly payloadLength: number;
  /** Milliseconds without a byte after which the client counts as gone. */
  readonly progressTimeout: number;
}

/**
 * Receives a payload, and hands what is in it on as it comes. Only the body's end says whether it
 * is authentic; until then nothing of it may be shown to anybody.
 *
 * @param body - what takes the plaintext
 * @param options - where the payload comes from
 * @returns whether it is authentic
 * @throws ProtocolError `truncated` when the payload stops short, or TransportError; the body has
 *   failed then
 */
export async function receivePayload(
  body: BodyChannel,
  options: ReceivePayloadOptions,
): Promise<boolean> {
  const { transport, keys, payloadLength, progressTimeout } = options;
  const opener = new V1PayloadOpener({ backend: defaultBackend, keys, payloadLength });
  let size = 0;
  const give = async (plaintext: Uint8Array): Promise<void> => {
    size += plaintext.length;
    const isFull = body.push(plaintext);
    if (!isFull) return;
    // While the disk is the slow one, a connection that stands still says nothing of the client.
    transport.setIdleTimeout(0);
    await isFull;
    transport.setIdleTimeout(progressTimeout);
  };
  transport.setIdleTimeout(progressTimeout);
  try {
    while (opener.missing > 0) {
      const chunk = await transport.read();
      if (!chunk) throw new ProtocolError('truncated', 'The payload stopped short');
      await give(opener.update(chunk.subarray(0, opener.missing)));
    }
    await give(opener.final());
    body.finish({ ok: true, size });
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    body.fail(error);
    if (error instanceof CryptoError) return false;
    throw error;
  } finally {
    transport.setIdleTimeout(0);
  }
}
