/** Bytes of a record's header: type u8 ‖ length u24. */
export const recordHeaderLength = 4;

/** What a record carries, and its number on the wire (SPEC.md, records). */
const recordTypes = {
  handshake: 1,
  message: 2,
  data: 3,
  end: 4,
  close: 5,
  update: 6,
} as const;

/** The name of a record type. */
export type RecordType = keyof typeof recordTypes;

const typeNames: ReadonlyMap<number, RecordType> = new Map(
  Object.entries(recordTypes).map(([name, number]) => [number, name as RecordType]),
);

/**
 * @param type - what the record carries
 * @param length - bytes of ciphertext and tag
 * @returns the header, 4 bytes; it is also the associated data of the record
 */
export function encodeRecordHeader(type: RecordType, length: number): Uint8Array {
  return Uint8Array.of(recordTypes[type], length >>> 16, (length >>> 8) & 0xff, length & 0xff);
}

/**
 * @param header - 4 bytes
 * @returns the type, or `undefined` for a number that stands for none, and the length
 */
export function decodeRecordHeader(header: Uint8Array): {
  type: RecordType | undefined;
  length: number;
} {
  const [type, high, middle, low] = header as Uint8Array & [number, number, number, number];
  return { type: typeNames.get(type), length: (high << 16) | (middle << 8) | low };
}
