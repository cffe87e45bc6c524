/**
 * A fenced code block.
 *
 * @typedef {object} Block
 * @property {string} language the first word behind the fence
 * @property {string} mark the second
 * @property {string} code what stands between the fences
 * @property {number} line the line of the code's beginning, counted from 1
 */

/**
 * @param {string} markdown
 * @returns {Block[]}
 */
export function readBlocks(markdown) {
  const blocks = [];
  let block;
  for (const [index, line] of markdown.split(/\r?\n/).entries()) {
    if (block === undefined) {
      const [, fence, language = '', mark = ''] = /^(`{3,})\s*(\S+)?\s*(\S+)?/.exec(line) ?? [];
      if (fence !== undefined) block = { fence, language, mark, lines: [], line: index + 2 };
    } else if (line.trimEnd() === block.fence) {
      const { language, mark, lines, line: start } = block;
      blocks.push({ language, mark, code: `${lines.join('\n')}\n`, line: start });
      block = undefined;
    } else {
      block.lines.push(line);
    }
  }
  if (block !== undefined) throw new Error(`the block at line ${block.line} has no end`);
  return blocks;
}
