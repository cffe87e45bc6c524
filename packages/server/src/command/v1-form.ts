import type { Command } from './command.js';

/**
 * What a field of a v1 command line stands for: a file by its flat name, which becomes its path in
 * the tree; any text; or a whole number that is not negative.
 */
export type V1FieldKind = 'path' | 'text' | 'number';

/** A text for people, or one that repeats what the client sent. */
type V1Text = string | ((fields: readonly string[]) => string);

/**
 * How clients of the protocol's first generation reach a command. Its lines and answers can be read
 * and changed on the wire, and old ones repeated: offer only what that cannot harm.
 *
 * A command that takes a body has the length of its payload as a field more, the last one. Of an
 * answer they get the status and the text; behind it, a body as an encrypted payload, or, when the
 * result is a list of texts, those, a line each, in the clear.
 */
export interface V1Form {
  /** The arguments that the fields become, in the order of the fields. */
  readonly fields: Readonly<Record<string, V1FieldKind>>;
  /** What the client reads for a status, where it is not the answer's own text. */
  readonly texts?: Readonly<Partial<Record<number, V1Text>>>;
  /** What is run, where the word means something else in the first generation. */
  readonly instead?: Command;
}
