import type { Established } from '@e2eeftp/crypto';
import { decodeCbor, encodeCbor, type CborMap } from '@e2eeftp/protocol';
import type { Transport } from '@e2eeftp/transport';

/** Records as a client makes them that says whatever it likes. */
export type Records = (established: Established) => Uint8Array[];

export const request =
  (command: string, args: CborMap, body = false): Records =>
  ({ sealer }) =>
    sealer.seal('message', [encodeCbor({ id: 1, command, args, body })]);
export const data: Records = ({ sealer }) => sealer.seal('data', [Buffer.from('data')]);
export const endOf =
  (size: number): Records =>
  ({ sealer }) =>
    sealer.seal('end', [encodeCbor({ ok: true, size })]);
export const close: Records = ({ sealer }) =>
  sealer.seal('close', [encodeCbor({ status: 200, text: '' })]);
export const update: Records = ({ sealer }) => sealer.update();

/** A record of a type that is not sealed, since no client has one to seal. */
const unsealed =
  (type: number): Records =>
  () => [Uint8Array.of(type, 0, 0, 48), new Uint8Array(48)];

/** Every type of record, and what is none. */
export const everyRecord = {
  'a record of type 0': unsealed(0),
  'a record of the handshake': unsealed(1),
  'a request': request('PING', {}),
  'a request with a body': request('SEND', { path: 'received/late' }, true),
  data,
  'an end': endOf(4),
  'a close': close,
  'an update': update,
  'a record of type 7': unsealed(7),
  'a record of type 255': unsealed(255),
} as const;

/** A type of record. */
export type RecordName = keyof typeof everyRecord;

/** All of them, as a table of tests. */
export const recordNames = Object.keys(everyRecord) as RecordName[];

/**
 * Hears everything that comes until the server hangs up.
 *
 * @returns the type of each record, and the status that it says, if any
 */
export async function heard(
  transport: Transport,
  { opener }: Pick<Established, 'opener'>,
): Promise<string[]> {
  const types: string[] = [];
  try {
    for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
      for (const { type, plaintext } of opener.receive(chunk)) {
        const { status } = type === 'data' ? {} : (decodeCbor(plaintext) as CborMap);
        types.push(typeof status === 'number' ? `${type} ${status}` : type);
      }
    }
  } catch (error) {
    // Whoever hangs up on bytes that it has not read may end the connection for the network too.
    if (!(error instanceof Error) || error.name !== 'TransportError') throw error;
  }
  return types;
}
