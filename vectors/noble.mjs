// The curves of @noble/curves, found where the crypto package has installed them.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { resolve } = createRequire(new URL('../packages/crypto/package.json', import.meta.url));
const curves = await import(pathToFileURL(resolve('@noble/curves/ed25519.js')).href);

export const { ed25519, ED25519_TORSION_SUBGROUP } = curves;
