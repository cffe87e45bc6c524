import * as z from 'zod';

import { decodeCbor } from '../cbor/decode.js';
import { encodeCbor } from '../cbor/encode.js';
import type { CborMap, CborValue } from '../cbor/value.js';
import { ProtocolError } from '../errors.js';
import { limits } from '../limits.js';

/** What people are told. */
export const textSchema = z.string().max(limits.text);

/** What a program reads of an answer (SPEC.md, statuses). */
export const statusSchema = z.int().min(100).max(599);

const count = z.int().nonnegative();
const cbor = z.custom<CborValue>((value) => value !== undefined);
const cborMap = z.custom<CborMap>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array),
);

/**
 * @param length - how many there must be
 * @returns a schema of so many bytes
 */
export function bytesSchema(length: number): z.ZodCustom<Uint8Array, Uint8Array> {
  return z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length);
}

/** A digest or an identity: 32 bytes. */
export const bytes32Schema = bytesSchema(32);

/** What a client may do: `rw` all but manage, `ro` read, `wo` send without seeing anything. */
export const accessSchema = z.enum(['rw', 'ro', 'wo', 'admin']);

/** What a client may do: `rw` all but manage, `ro` read, `wo` send without seeing anything. */
export type Access = z.infer<typeof accessSchema>;

/** The server's first message to a client that it knows. */
const welcomeSchema = z.object({
  protocol: z.literal(2),
  software: textSchema,
  commands: z.array(z.string().max(limits.command)).max(1024),
  limits: z.object({ record: count, message: count, fileSize: count, pathLength: count }),
  access: accessSchema,
});

/** The server's first message to a client that it knows. */
export type Welcome = z.infer<typeof welcomeSchema>;

const requestSchema = z.strictObject({
  id: count,
  command: z.string().max(limits.command),
  args: cborMap,
  body: z.boolean(),
});

/** A client's message: a command, with a body behind it when it says so. */
export type Request = z.infer<typeof requestSchema>;

const responseSchema = z.strictObject({
  id: count,
  status: statusSchema,
  text: textSchema,
  result: cbor,
  body: z.boolean(),
});

/** The server's answer to a request, with a body behind it when it says so. */
export type Response = z.infer<typeof responseSchema>;

const endSchema = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    size: count,
    sha256: bytes32Schema.optional(),
  }),
  z.strictObject({ ok: z.literal(false), text: textSchema }),
]);

/** How a body ended: whole, with its size in bytes and perhaps its digest, or given up. */
export type BodyEnd = z.infer<typeof endSchema>;

const closeSchema = z.strictObject({ status: statusSchema, text: textSchema });

/** The last thing that a side says. */
export type Close = z.infer<typeof closeSchema>;

/** Writes a Welcome. */
export function encodeWelcome(welcome: Welcome): Uint8Array {
  return encode('Welcome', welcomeSchema, welcome, limits.record);
}

/** Writes a request. */
export function encodeRequest(request: Request): Uint8Array {
  return encode('request', requestSchema, request, limits.request);
}

/** Writes a response. */
export function encodeResponse(response: Response): Uint8Array {
  return encode('response', responseSchema, response, limits.record);
}

/** Writes the end of a body. */
export function encodeBodyEnd(end: BodyEnd): Uint8Array {
  return encode('end of a body', endSchema, end, limits.record);
}

/** Writes a close. */
export function encodeClose(close: Close): Uint8Array {
  return encode('close', closeSchema, close, limits.record);
}

/** Reads a Welcome from a record's plaintext. Later servers may say more than is known here. */
export function parseWelcome(plaintext: Uint8Array): Welcome {
  return parse('Welcome', welcomeSchema, plaintext);
}

/** Reads a request from a record's plaintext. */
export function parseRequest(plaintext: Uint8Array): Request {
  if (plaintext.length > limits.request) {
    throw new ProtocolError('malformed', `The peer sent a request over ${limits.request} bytes`);
  }
  return parse('request', requestSchema, plaintext);
}

/** Reads a response from a record's plaintext. */
export function parseResponse(plaintext: Uint8Array): Response {
  return parse('response', responseSchema, plaintext);
}

/** Reads the end of a body from a record's plaintext. */
export function parseBodyEnd(plaintext: Uint8Array): BodyEnd {
  return parse('end of a body', endSchema, plaintext);
}

/** Reads a close from a record's plaintext. */
export function parseClose(plaintext: Uint8Array): Close {
  return parse('close', closeSchema, plaintext);
}

/** Refuses here what the peer would refuse, since the peer would end the connection over it. */
function encode<Message extends CborMap>(
  what: string,
  schema: z.ZodType<Message>,
  message: Message,
  limit: number,
): Uint8Array {
  const { error } = schema.safeParse(message);
  if (error) {
    throw new ProtocolError('misuse', `A ${what} of the wrong form cannot be sent`, {
      cause: error,
    });
  }
  const plaintext = encodeCbor(message);
  if (plaintext.length > limit) {
    throw new ProtocolError('misuse', `A ${what} of ${plaintext.length} bytes is too long`);
  }
  return plaintext;
}

function parse<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  plaintext: Uint8Array,
): z.infer<Schema> {
  const parsed = schema.safeParse(decodeCbor(plaintext));
  if (parsed.success) return parsed.data;
  throw new ProtocolError('malformed', `The peer sent a ${what} of the wrong form`, {
    cause: parsed.error,
  });
}
