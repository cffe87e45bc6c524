import { expect } from '@jest/globals';

const bytesOf = (value) => (value instanceof Uint8Array ? Object.getPrototypeOf(value) : undefined);

// Jest compares arrays of bytes as it does objects: property by property, a second for a megabyte.
// Those of one class are compared at once here; all else is left to Jest.
expect.addEqualityTesters([
  (a, b) => {
    const prototype = bytesOf(a);
    if (prototype === undefined || prototype !== bytesOf(b)) return undefined;
    return Buffer.compare(a, b) === 0;
  },
]);
