import { join } from 'node:path';

import ts from 'typescript';

const OPTIONS = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2023.d.ts'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  skipLibCheck: true,
};

/**
 * Compiles all blocks in one program, each as if it were a file in the package's folder.
 *
 * @param {string} folder the package's
 * @param {import('./blocks.js').Block[]} blocks
 * @returns {{ errors: string[], javaScript: Map<import('./blocks.js').Block, string> }}
 */
export function checkTypes(folder, blocks) {
  const files = new Map(blocks.map((block) => [join(folder, `README.${block.line}.ts`), block]));
  const host = ts.createCompilerHost(OPTIONS);
  const { fileExists, readFile } = host;
  host.getCurrentDirectory = () => folder;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name)?.code ?? readFile(name);

  const program = ts.createProgram([...files.keys()], OPTIONS, host);
  const errors = ts.getPreEmitDiagnostics(program).map((diagnostic) => describe(files, diagnostic));
  const javaScript = new Map();
  for (const [name, block] of files) {
    program.emit(program.getSourceFile(name), (_name, code) => javaScript.set(block, code));
  }
  return { errors, javaScript };
}

function describe(files, { file, start, messageText }) {
  const text = ts.flattenDiagnosticMessageText(messageText, '\n');
  const block = file && files.get(file.fileName);
  if (block === undefined) return text;
  const { line } = file.getLineAndCharacterOfPosition(start);
  return `line ${block.line + line}: ${text}`;
}
