/**
 * What can move a terminal's cursor, change its colours, forge a line of a log, or show text in
 * another order than it is stored: C0, DEL, C1, line and paragraph separators, and the
 * bidirectional controls (Unicode TR 9); and what takes no place and so hides a difference or a
 * message: zero-width characters, fillers, tags. Variation selectors, of which emoji are full,
 * only choose a shape.
 */
const unprintable =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\uFFF9-\uFFFB]|(?!\p{Variation_Selector})\p{Default_Ignorable_Code_Point}/gu;

/**
 * Makes text that came from a peer harmless for a terminal or a log: each dangerous character
 * becomes U+FFFD, so that a reader sees that something was there.
 *
 * @param text - anything
 * @returns text of one line without control, bidirectional-override or invisible characters
 */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(unprintable, '\uFFFD');
}
