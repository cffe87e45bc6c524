import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';

import type * as primitives from '@e2eeftp/crypto';
import { nodeBackend } from '@e2eeftp/crypto/node';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';

import type * as ours from '../../src/index.js';
import { contentOf, sha256 } from '../support/bytes.js';
import {
  chunk,
  entry,
  fileToSeal,
  open,
  seal,
  fixedSealingAccess,
  sealRest,
  fixedOpeningAccess,
  writerSeed,
} from '../support/files.js';

type Bundle = typeof ours & typeof primitives;

const contents = "export * from '@e2eeftp/vault'; export * from '@e2eeftp/crypto';";

async function bundle(): Promise<{ code: string; imported: string[] }> {
  const result = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../..', import.meta.url)) },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'bundled',
    target: 'es2022',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const imported = Object.values(result.metafile.inputs).flatMap((input) => input.imports);
  return { code: result.outputFiles[0]?.text ?? '', imported: imported.map(({ path }) => path) };
}

describe('bundled for browsers', () => {
  const content = contentOf('browser', chunk + 99);
  let there: Bundle;
  let imported: string[];

  beforeAll(async () => {
    const made = await bundle();
    imported = made.imported;
    const context = createContext({
      TextEncoder,
      TextDecoder,
      crypto: { getRandomValues: (array: Uint8Array) => crypto.getRandomValues(array) },
    });
    there = runInContext(`${made.code}; bundled`, context) as Bundle;
  });

  test('it imports nothing of Node', () => {
    expect(imported.length).toBeGreaterThan(0);
    for (const path of imported) expect(path).not.toMatch(/^node:/u);
    expect(there.defaultBackend.name).toBe('noble');
  });

  test('what is sealed there opens here', () => {
    const sender = new there.Identity(writerSeed);
    const access = { ...fixedSealingAccess(nodeBackend), backend: there.defaultBackend, sender };
    const stored = sealRest(there.beginSealing(access, fileToSeal), [content]);
    expect(sha256(open(fixedOpeningAccess(nodeBackend), [stored]).content)).toBe(sha256(content));
  });

  test('what is sealed here opens there', () => {
    const stored = seal(nodeBackend, content);
    const access = fixedOpeningAccess(there.defaultBackend);
    const reader = new there.FileHeadReader(access, { entry, storedSize: stored.length });
    const used = reader.receive(stored);
    const opener = new there.FileOpener(reader.finish());
    const parts = [...opener.receive(stored.subarray(used))];
    opener.finish();
    expect(sha256(...parts)).toBe(sha256(content));
  });
});
