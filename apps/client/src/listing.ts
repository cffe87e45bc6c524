import { longLines, shortLines, type Shown } from './entry-lines.js';
import type { JsonFields, Output } from './output.js';

/** Entries that are looked at together, for their columns. */
const pageLength = 1000;

/** How a list is shown. */
export interface ListingOptions {
  /** With sizes and times. */
  readonly long: boolean;
  /** With rounded sizes. */
  readonly human: boolean;
}

/**
 * Shows a list that may be long: a page at a time, each with columns of its own.
 *
 * @param output - where to show it
 * @param entries - what is listed, in this order
 * @param options - how it is shown
 */
export async function showEntries(
  output: Output,
  entries: AsyncIterable<Shown & JsonFields>,
  { long, human }: ListingOptions,
): Promise<void> {
  let page: (Shown & JsonFields)[] = [];
  const show = async (): Promise<void> => {
    const shown = page;
    page = [];
    await output.results(shown, (look) =>
      long ? longLines(shown, look, human) : shortLines(shown, look),
    );
  };
  for await (const entry of entries) {
    page.push(entry);
    if (page.length === pageLength) await show();
  }
  if (page.length > 0) await show();
}
