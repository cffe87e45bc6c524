import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';

import { beforeAll, describe, expect, test } from '@jest/globals';
import { build, type BuildResult } from 'esbuild';

import { hex } from './support/bytes.js';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/** What a page does with the package; all of it has to come out of the bundle. */
const program = `
import { Identity, equalBytes, defaultBackend } from '@e2eeftp/crypto';
import * as vault from '@e2eeftp/vault';

export const backendName = defaultBackend.name;

export async function conversation() {
  const identity = Identity.generate();
  const sealing = vault.SealingIdentity.of(identity);
  const card = vault.makeCard(identity, sealing, 'alice');
  const first = await vault.makeFirstKeyring({ owner: identity, card, name: 'home', kind: 'home' });
  const chain = vault.KeyringChain.begin({ vault: vault.homeVaultId(identity) });
  chain.accept(first.bytes);
  const opened = vault.openKeyring(chain, sealing);
  chain.accept(await vault.makeNextKeyring(opened, identity, { newEpoch: true, name: 'mine' }));
  const next = vault.openKeyring(chain, sealing, opened.secrets);
  const names = new vault.VaultNames(next);
  const id = vault.newEntryId();
  const stored = names.seal(vault.rootDirectory, id, 'report.pdf');
  const entry = vault.viewDirectory(names, vault.rootDirectory, [{ stored }]).entries.get('report.pdf');
  return [next.name, next.secrets.epoch, entry !== undefined && equalBytes(entry.id, id)];
}

export async function recipientOf(byte) {
  const { recipient } = vault.SealingIdentity.of(new Identity(new Uint8Array(32).fill(byte)));
  return [...recipient];
}
`;

interface Page {
  readonly backendName: string;
  conversation(): Promise<unknown[]>;
  recipientOf(byte: number): Promise<number[]>;
}

async function bundle(): Promise<BuildResult<{ metafile: true; write: false }>> {
  return build({
    stdin: { contents: program, resolveDir: packageFolder },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'page',
    target: 'es2022',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
}

/** Runs the bundle where there is nothing but JavaScript and what it needs of a browser. */
function runAsBrowser(code: string): Page {
  const context = createContext({
    TextEncoder,
    TextDecoder,
    ReadableStream,
    Response,
    TransformStream,
    crypto: { getRandomValues: (array: Uint8Array) => crypto.getRandomValues(array) },
  });
  // Typed arrays of the page's own realm, where Node's encoder would give those of this one.
  runInContext(
    'const outer = TextEncoder; TextEncoder = class { encode(text) { return Uint8Array.from(new outer().encode(text)); } };',
    context,
  );
  return runInContext(`${code}; page`, context) as Page;
}

describe('bundled for browsers', () => {
  let result: Awaited<ReturnType<typeof bundle>>;
  let page: Page;

  beforeAll(async () => {
    result = await bundle();
    page = runAsBrowser((result.outputFiles[0] as { text: string }).text);
  });

  test('it imports nothing of Node, and nothing but what is bundled', () => {
    const { inputs, outputs } = result.metafile;
    for (const { imports } of Object.values(outputs)) expect(imports).toEqual([]);
    const imported = Object.values(inputs).flatMap((input) => input.imports);
    expect(imported.length).toBeGreaterThan(0);
    for (const { path, external } of imported) {
      // The helper functions of esbuild itself are what remains.
      if (external) expect(path).toBe('<runtime>');
      expect(path).not.toMatch(/^node:/u);
      expect(builtinModules).not.toContain(path);
    }
    expect(Object.keys(inputs).filter((file) => file.includes('backends/node/'))).toEqual([]);
    expect(result.warnings).toEqual([]);
  });

  test('it makes a vault, changes it, opens it and names a file in it', async () => {
    expect(page.backendName).toBe('noble');
    expect(await page.conversation()).toEqual(['mine', 2, true]);
  });

  test('it derives the keys that Node derives', async () => {
    const { Identity } = await import('@e2eeftp/crypto');
    const { SealingIdentity } = await import('../src/index.js');
    const here = SealingIdentity.of(new Identity(new Uint8Array(32).fill(7)));
    expect(hex(Uint8Array.from(await page.recipientOf(7)))).toBe(hex(here.recipient));
  });
});
