import type { AeadName } from './backend.js';

/** A cipher suite's number on the wire: 1 is AES-256-GCM, 2 is ChaCha20-Poly1305. */
export type Suite = 1 | 2;

/** Every suite that this package supports, with the cipher that its records use. */
export const suiteCiphers: Readonly<Record<Suite, AeadName>> = {
  1: 'aes-256-gcm',
  2: 'chacha20-poly1305',
};

/** The suites in the order in which they are offered: AES first, since CPUs have instructions for it. */
export const defaultSuites: readonly Suite[] = [1, 2];

/**
 * @param value - a byte from the wire
 * @returns whether it numbers a suite that this package supports
 */
export function isSuite(value: number): value is Suite {
  return value === 1 || value === 2;
}
