import { readFile, writeFile } from 'node:fs/promises';

const page = new URL('../../../../docs/at-the-terminal.md', import.meta.url);

/** The text behind a mark, between its fences. */
function blockOf(name: string): RegExp {
  return new RegExp(`(<!-- capture: ${name} -->\n\n\`\`\`text\n)([^\`]*)(\`\`\`)`, 'u');
}

/** Everything that differs from one time to the next: amounts, rates, times, and bars of them. */
function mask(text: string): string {
  return (
    text
      .replaceAll(/\d+(?:[.:]\d+)*/gu, '0')
      .replaceAll(/0 [kMG]?B(?![A-Za-z])/gu, '0 B')
      .replaceAll(/[#=\u2580-\u259F\u2501\u2578\u257A]+/gu, '=')
      .replaceAll(/\.{2,}/gu, '')
      .replaceAll(/ +0 left/gu, '')
      // Ctrl-C may come at one moment or the next.
      .replaceAll(/The (?:download|operation) was/gu, 'It was')
      .replaceAll(/ +/gu, ' ')
  );
}

/**
 * Gives what the documentation shows under a name, and what was captured now, both without what
 * differs from one time to the next. With `E2EEFTP_CAPTURE=1` the documentation is changed first.
 */
export async function compareCapture(
  name: string,
  captured: string,
): Promise<{ documented: string; captured: string }> {
  const text = await readFile(page, 'utf8');
  if (!blockOf(name).test(text)) throw new Error(`The page has no place for ${name}`);
  const lines = `${captured}\n`;
  let documented = blockOf(name).exec(text)?.[2] ?? '';
  if (process.env['E2EEFTP_CAPTURE'] === '1') {
    await writeFile(
      page,
      text.replace(blockOf(name), (_all, begin, _old, end) => `${begin}${lines}${end}`),
    );
    documented = lines;
  }
  return { documented: mask(documented), captured: mask(lines) };
}
