import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';

import { beforeAll, describe, expect, test } from '@jest/globals';
import { build, type BuildResult } from 'esbuild';

import type * as ours from '../src/index.js';
import {
  concatBytes,
  encodePublicKeyPem,
  fingerprint,
  formatIdentity,
  Identity,
  parseIdentity,
  type Established,
  type Handshake,
} from '../src/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { hex } from './support/bytes.js';
import { bothEstablished, converse } from './support/conversation.js';
import { sshKeyFile } from './support/key-files.js';
import { clientSeed, makeClient, makeServer, serverSeed } from './support/parties.js';

type Package = typeof ours;

const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/** The package as a consumer bundles it for browsers: found by its name, `node` unknown. */
async function bundle(): Promise<BuildResult<{ metafile: true; write: false }>> {
  return build({
    stdin: { contents: "export * from '@e2eeftp/crypto';", resolveDir: packageFolder },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'e2eeftpCrypto',
    target: 'es2022',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
}

/** Runs the bundle where there is nothing but JavaScript and what it needs of a browser. */
function runAsBrowser(code: string): Package {
  const context = createContext({
    TextEncoder,
    TextDecoder,
    crypto: { getRandomValues: (array: Uint8Array) => crypto.getRandomValues(array) },
  });
  return runInContext(`${code}; e2eeftpCrypto`, context) as Package;
}

describe('bundled for browsers', () => {
  let result: Awaited<ReturnType<typeof bundle>>;
  let browser: Package;

  beforeAll(async () => {
    result = await bundle();
    browser = runAsBrowser((result.outputFiles[0] as { text: string }).text);
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
    const files = Object.keys(inputs);
    expect(files.some((file) => file.endsWith('backends/noble/index.js'))).toBe(true);
    expect(files.filter((file) => file.includes('backends/node/'))).toEqual([]);
    expect(result.warnings).toEqual([]);
  });

  test('it takes the portable backend by itself', () => {
    expect(browser.defaultBackend.name).toBe('noble');
  });

  function initiateThere(): Handshake {
    const known = new Identity(serverSeed).publicKey;
    return browser.initiateHandshake({
      backend: browser.defaultBackend,
      identity: new browser.Identity(clientSeed),
      acceptServer: (identity) => browser.equalBytes(identity, known),
    });
  }

  function respondThere(): Handshake {
    return browser.respondToHandshake({
      backend: browser.defaultBackend,
      identity: new browser.Identity(serverSeed),
    });
  }

  function expectToTalk(one: Established, other: Established): void {
    expect(hex(one.channelBinding)).toBe(hex(other.channelBinding));
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const update = from.sealer.update();
      const record = from.sealer.seal('data', [Buffer.from('contents')]);
      const [opened] = [...to.opener.receive(concatBytes(...update, ...record))];
      expect(Buffer.from(opened?.plaintext ?? []).toString()).toBe('contents');
    }
  }

  test('as a client it shakes hands with a server on Node', () => {
    const { client, server } = bothEstablished(converse(initiateThere(), makeServer(nodeBackend)));
    expectToTalk(client, server);
    expect(hex(server.peerIdentity)).toBe(hex(new Identity(clientSeed).publicKey));
  });

  test('as a server it shakes hands with a client on Node', () => {
    const { client, server } = bothEstablished(converse(makeClient(nodeBackend), respondThere()));
    expectToTalk(client, server);
    expect(hex(server.peerIdentity)).toBe(hex(new Identity(clientSeed).publicKey));
  });

  test('it shakes hands with itself', () => {
    const { client, server } = bothEstablished(converse(initiateThere(), respondThere()));
    expectToTalk(client, server);
  });

  test('key files and fingerprints are the same there', () => {
    const identity = browser.Identity.generate();
    const back = parseIdentity(browser.formatIdentity(identity));
    expect(hex(back.publicKey)).toBe(hex(identity.publicKey));
    expect(browser.fingerprint(identity.publicKey)).toBe(fingerprint(identity.publicKey));
    const ours = Identity.generate();
    expect(hex(browser.parseIdentity(formatIdentity(ours)).publicKey)).toBe(hex(ours.publicKey));
    const pem = encodePublicKeyPem(ours.publicKey);
    expect(hex(browser.parsePublicKey(pem))).toBe(hex(ours.publicKey));
    const ssh = { passphrase: 'correct horse' };
    expect(hex(browser.parseIdentity(sshKeyFile('passphrase'), ssh).publicKey)).toBe(
      hex(parseIdentity(sshKeyFile('passphrase'), ssh).publicKey),
    );
  });

  test('bytes of another realm are bytes there: HKDF gives the same', () => {
    const [ikm, salt, info] = [1, 2, 3].map((value) => new Uint8Array(20).fill(value));
    const here = nodeBackend.hmacSha256(salt!, ikm!);
    expect(hex(browser.hkdfExtract(browser.defaultBackend, salt!, ikm!))).toBe(hex(here));
    const there = browser.hkdf(browser.defaultBackend, ikm!, salt!, info!, 50);
    const inParts = browser.hkdf(browser.defaultBackend, ikm!, salt!, [info!], 50);
    expect(hex(there)).toBe(hex(inParts));
    const without = browser.hkdf(browser.defaultBackend, ikm!, salt!, [], 50);
    expect(hex(there)).not.toBe(hex(without));
  });
});
