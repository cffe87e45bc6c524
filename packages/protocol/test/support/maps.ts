import type { CborMap } from '../../src/index.js';

/** The map with one field less. */
export function without(map: CborMap, field: string): CborMap {
  return Object.fromEntries(Object.entries(map).filter(([name]) => name !== field));
}
