import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = fileURLToPath(new URL('main.js', import.meta.url));

// In a process of its own: within a test runner, the compiler takes seconds to load.
export async function runReadmeSnippets(readme) {
  try {
    const { stdout } = await run(process.execPath, [program, fileURLToPath(readme)]);
    return JSON.parse(stdout);
  } catch (error) {
    throw new Error(error.stderr || error.message, { cause: error });
  }
}
