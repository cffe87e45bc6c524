import * as z from 'zod';

import { ProtocolError } from '../errors.js';
import { limits } from '../limits.js';
import { parsePath, parseRelativePath, type RemotePath } from '../path.js';
import { entriesSchema, entrySchema } from './entry.js';
import { accessSchema, bytes32Schema, bytesSchema, statusSchema, textSchema } from './messages.js';

const count = z.int().nonnegative();

/**
 * Who may read, write and execute a file, as POSIX counts it. Bits above these, such as the one that
 * lets a program run as its owner, are no part of it.
 */
const mode = z.int().min(0).max(limits.mode);
const etag = z.string().min(1).max(limits.etag);

/** A path that a peer sent, checked against the path rules. */
export const pathSchema = z.string().transform(checkedBy(parsePath));

/** A path below a folder that need not be the root, such as one in a listing. */
const relativePathSchema = z.string().transform(checkedBy(parseRelativePath));

/**
 * When a file may be replaced: `always`, `never`, or, with any other text, only while the file
 * has that etag. Etags are never one of the two words.
 */
const overwriteSchema = z.string().min(1).max(limits.etag);

/** A file as it was stored or is about to be read. */
const storedFileSchema = z.object({ size: count, mtime: z.int(), etag, mode: mode.optional() });

/** A file as it was stored or is about to be read. */
export type StoredFile = z.infer<typeof storedFileSchema>;

/** What became of one file of several: the file, or why not, as the status of a response says it. */
const batchOutcomeSchema = z.object({
  status: statusSchema,
  text: textSchema.optional(),
  file: storedFileSchema.optional(),
});

/** What became of one file of several: the file, or why not, as the status of a response says it. */
export type BatchOutcome = z.infer<typeof batchOutcomeSchema>;

const batchResult = z.object({ files: z.array(batchOutcomeSchema).max(limits.batchFiles) });

/** One of several small files that are sent together. */
const batchFileSchema = z.strictObject({
  path: pathSchema,
  size: count.max(limits.batchFileSize),
  mtime: z.int().optional(),
  mode: mode.optional(),
  overwrite: overwriteSchema.optional(),
});

/**
 * The number of the keyring that a client takes for the one in force in a vault: with another one,
 * its members and keys may have changed, and nothing is written (SPEC.md, vaults).
 */
const keyring = count;

/** What a client calls an upload that it may have to resume. */
const uploadIdSchema = bytesSchema(limits.uploadId);

/** A person's card, as `@e2eeftp/vault` makes and reads it. */
const cardSchema = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.length > 0 && value.length <= limits.card,
);

/** A person's fingerprint, exactly as it is shown: four groups of five characters of base32. */
const fingerprintSchema = z.string().regex(/^(?:[A-Z2-7]{5}-){3}[A-Z2-7]{5}$/u);

const nothing = z.null();
const noArguments = z.strictObject({});

/**
 * The arguments and results of the built-in commands (SPEC.md, commands). Arguments are taken
 * strictly, so that a client never believes that an option was honoured which the server does
 * not know; results leave room for what later servers add.
 */
export const commandSchemas = {
  HLIST: {
    args: noArguments,
    result: z.array(z.object({ name: z.string(), summary: z.string() })),
  },
  PING: { args: noArguments, result: nothing },
  WHOAMI: {
    args: noArguments,
    result: z.object({
      identity: bytes32Schema,
      name: z.string().nullable(),
      access: accessSchema,
      quota: count.nullable(),
      used: count.nullable(),
    }),
  },
  LIST: {
    args: z.strictObject({
      path: pathSchema,
      recursive: z.boolean().optional(),
      cursor: relativePathSchema.optional(),
      limit: z.int().min(1).optional(),
    }),
    result: z.object({
      entries: entriesSchema,
      etag,
      cursor: relativePathSchema.optional(),
    }),
  },
  STAT: { args: z.strictObject({ path: pathSchema }), result: entrySchema },
  SEND: {
    args: z.strictObject({
      path: pathSchema,
      size: count.optional(),
      mtime: z.int().optional(),
      mode: mode.optional(),
      overwrite: overwriteSchema.optional(),
      upload: uploadIdSchema.optional(),
      offset: count.optional(),
      keyring: keyring.optional(),
    }),
    result: storedFileSchema.extend({
      sha256: bytes32Schema.optional(),
    }),
  },
  RESUME: {
    args: z.strictObject({ upload: uploadIdSchema, digest: z.boolean().optional() }),
    result: z.object({
      offset: count,
      sha256: bytes32Schema.optional(),
      done: storedFileSchema.optional(),
    }),
  },
  GET: {
    args: z.strictObject({
      path: pathSchema,
      offset: count.optional(),
      length: count.optional(),
      etag: etag.optional(),
    }),
    result: storedFileSchema.extend({ offset: count, length: count }),
  },
  MGET: {
    args: z.strictObject({
      paths: z
        .array(pathSchema)
        .min(1)
        .max(limits.batchFiles)
        .refine((paths) => new Set(paths).size === paths.length),
    }),
    result: batchResult,
  },
  MSEND: {
    args: z.strictObject({
      files: z
        .array(batchFileSchema)
        .min(1)
        .max(limits.batchFiles)
        .refine((files) => new Set(files.map(({ path }) => path)).size === files.length),
      keyring: keyring.optional(),
    }),
    result: batchResult,
  },
  DIGEST: {
    args: z.strictObject({
      path: pathSchema,
      offset: count.optional(),
      length: count.optional(),
      etag: etag.optional(),
    }),
    result: storedFileSchema.extend({ offset: count, length: count, sha256: bytes32Schema }),
  },
  DELETE: {
    args: z.strictObject({
      path: pathSchema,
      recursive: z.boolean().optional(),
      etag: etag.optional(),
      keyring: keyring.optional(),
    }),
    result: nothing,
  },
  RENAME: {
    args: z.strictObject({
      from: pathSchema,
      to: pathSchema,
      overwrite: overwriteSchema.optional(),
      keyring: keyring.optional(),
    }),
    result: nothing,
  },
  MKDIR: {
    args: z.strictObject({ path: pathSchema, keyring: keyring.optional() }),
    result: nothing,
  },
  CHMOD: { args: z.strictObject({ path: pathSchema, mode }), result: storedFileSchema },
  CARD: {
    args: z
      .strictObject({
        identity: bytes32Schema.optional(),
        fingerprint: fingerprintSchema.optional(),
        card: cardSchema.optional(),
      })
      .refine((args) => Object.values(args).filter((value) => value !== undefined).length <= 1),
    result: z.object({ card: cardSchema }),
  },
} as const;

/** The word of a built-in command. */
export type CommandName = keyof typeof commandSchemas;

/** The arguments of a built-in command, as a client gives them. */
export type CommandArguments<Name extends CommandName> = z.input<
  (typeof commandSchemas)[Name]['args']
>;

/** The result of a built-in command. */
export type CommandResult<Name extends CommandName> = z.output<
  (typeof commandSchemas)[Name]['result']
>;

/** Bytes for what an answer says besides a listing's entries: a text, an etag, and a cursor. */
const listingOverhead = 8192;

/** Bytes of a listing's entries that fit into one answer. */
export const listingCapacity = limits.record - listingOverhead;

type Check = (text: string, context: z.RefinementCtx<string>) => RemotePath;

function checkedBy(parse: (text: string) => RemotePath): Check {
  return (text, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  };
}
