import { cbc } from '@noble/ciphers/aes.js';

import type { CryptoBackend, RunningCipher } from '../../backend.js';
import { concatBytes } from '../../bytes.js';
import { CryptoError } from '../../errors.js';
import { expectLength } from '../../lengths.js';

const blockLength = 16;

/** AES-256-CBC in JavaScript. */
export const aes256Cbc: CryptoBackend['aes256Cbc'] = {
  encrypt(key, iv) {
    expectLength('AES-256 key', key, 32);
    expectLength('CBC IV', iv, blockLength);
    const secret = Uint8Array.from(key);
    return chained(iv, 0, {
      step: (chain, blocks) => cbc(secret, chain, { disablePadding: true }).encrypt(blocks),
      chain: (_input, output) => output,
      last: (chain, rest) => cbc(secret, chain).encrypt(rest),
    });
  },
  decrypt(key, iv) {
    expectLength('AES-256 key', key, 32);
    expectLength('CBC IV', iv, blockLength);
    const secret = Uint8Array.from(key);
    return chained(iv, 1, {
      step: (chain, blocks) => cbc(secret, chain, { disablePadding: true }).decrypt(blocks),
      chain: (input) => input,
      last(chain, rest) {
        try {
          return cbc(secret, chain).decrypt(rest);
        } catch (cause) {
          throw new CryptoError('authentication-failed', 'The padding is wrong', { cause });
        }
      },
    });
  },
};

interface CbcDirection {
  /** Transforms whole blocks behind the given chaining block. */
  step(chain: Uint8Array, blocks: Uint8Array): Uint8Array;
  /** Which of input and output holds the blocks that the next step chains on. */
  chain(input: Uint8Array, output: Uint8Array): Uint8Array;
  /** Transforms what is left, with padding. */
  last(chain: Uint8Array, rest: Uint8Array): Uint8Array;
}

/**
 * Makes a running cipher of noble's one-shot CBC, which knows no streams: whole blocks are
 * transformed as they come, and `withheld` of them wait for the end, where the padding stands.
 */
function chained(iv: Uint8Array, withheld: 0 | 1, direction: CbcDirection): RunningCipher {
  let chain = Uint8Array.from(iv);
  let pending: Uint8Array = new Uint8Array(0);
  return {
    update(part) {
      const input = concatBytes(pending, part);
      const whole = Math.max(0, Math.floor((input.length - withheld) / blockLength)) * blockLength;
      pending = input.slice(whole);
      if (whole === 0) return new Uint8Array(0);
      const blocks = input.subarray(0, whole);
      const output = direction.step(chain, blocks);
      chain = direction.chain(blocks, output).slice(-blockLength);
      return output;
    },
    final: () => direction.last(chain, pending),
  };
}
