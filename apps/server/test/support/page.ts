import { readFile } from 'node:fs/promises';

/** The commands of a page, in their order. */
export class Page {
  readonly #blocks: { readonly who: string; readonly code: string }[];

  constructor(markdown: string) {
    const blocks = markdown.matchAll(/^```sh (?<who>\S+)\n(?<code>[^]*?)^```$/gmu);
    this.#blocks = Array.from(blocks, ({ groups }) => ({
      who: groups?.['who'] ?? '',
      code: groups?.['code'] ?? '',
    }));
  }

  /** The next block, which must be for this person to type. */
  next(who: string): string {
    const block = this.#blocks.shift();
    if (block?.who !== who) {
      throw new Error(`the page goes on for ${block?.who ?? 'nobody'}, not ${who}: ${block?.code}`);
    }
    return block.code;
  }

  /** What nobody has typed yet. */
  left(): readonly unknown[] {
    return this.#blocks;
  }
}

/** @param url - a page in Markdown, whose blocks `sh WHO` are for WHO to type */
export async function readPage(url: URL): Promise<Page> {
  return new Page(await readFile(url, 'utf8'));
}
