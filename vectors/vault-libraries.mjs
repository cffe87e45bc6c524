// Libraries for the vectors of vaults, found where the packages have installed them.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const load = (workspacePackage, name) => {
  const folder = new URL(`../packages/${workspacePackage}/package.json`, import.meta.url);
  return import(pathToFileURL(createRequire(folder).resolve(name)).href);
};

export const { aessiv } = await load('crypto', '@noble/ciphers/aes.js');
export const { base32nopad, base64urlnopad, bech32 } = await load('vault', '@scure/base');
export const { armor, Decrypter, Encrypter, identityToRecipient } = await load(
  'vault',
  'age-encryption',
);
