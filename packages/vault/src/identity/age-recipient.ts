import { bech32 } from '@scure/base';

const prefix = 'age1pq';

/** Hybrid recipients are longer than bech32 was made for. */
const noLimit = false;

/**
 * @param recipient - the raw recipient, 1,216 bytes
 * @returns the text by which age knows it, `age1pq1…`
 */
export function formatAgeRecipient(recipient: Uint8Array): string {
  return bech32.encode(prefix, bech32.toWords(recipient), noLimit);
}
