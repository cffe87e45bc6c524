import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { memoryTransportPair } from '@e2eeftp/transport';

import { addressGroup } from '../../src/admission/address-group.js';

test.each([
  ['192.0.2.7:49152', '192.0.2.7:1'],
  ['192.0.2.7:49152', '[::ffff:192.0.2.7]:49152'],
  ['192.0.2.7:49152', '[::FFFF:c000:207]:49152'],
  ['192.0.2.7:49152', '[::ffff:192.0.2.7%eth0]:1'],
  ['[2001:db8:1:2::1]:1', '[2001:db8:1:2:ffff:ffff:ffff:ffff]:65535'],
  ['[2001:db8:1:2::1]:1', '[2001:0DB8:0001:0002:0:0:0:1]:1'],
  ['[fe80::1%eth0]:1', '[fe80::2%eth0]:1'],
  ['[::1]:1', '[::2]:1'],
])('%s and %s count as one', (left, right) => {
  expect(addressGroup(left)).toBe(addressGroup(right));
});

test.each([
  ['192.0.2.7:1', '192.0.2.8:1'],
  ['192.0.2.7:1', '[2001:db8::192.0.2.7]:1'],
  ['[2001:db8:1:2::1]:1', '[2001:db8:1:3::1]:1'],
  ['[2001:db8:1:2::1]:1', '[2001:db8:2:2::1]:1'],
  ['127.0.0.1:1', '[::1]:1'],
  ['unknown:0', '192.0.2.7:0'],
])('%s and %s count apart', (left, right) => {
  expect(addressGroup(left)).not.toBe(addressGroup(right));
});

test('what has no address is in no group', () => {
  for (const peer of ['', 'memory', ':', ':1', '[]:1', '[:1', '::1', 'a b c', '1.2.3.4', 'x:1:2']) {
    expect(addressGroup(peer)).toBeUndefined();
  }
  const [near, far] = memoryTransportPair();
  expect([addressGroup(near.peer), addressGroup(far.peer)]).toEqual([undefined, undefined]);
  near.destroy();
  far.destroy();
});

describe('any address', () => {
  const port = fc.integer({ min: 0, max: 65_535 });

  test('of IPv4 is alone in its group, mapped or not', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), port, port, (left, right, from, to) => {
        expect(addressGroup(`[::ffff:${left}]:${from}`)).toBe(addressGroup(`${left}:${to}`));
        const isSame = addressGroup(`${left}:${from}`) === addressGroup(`${right}:${to}`);
        expect(isSame).toBe(left === right);
      }),
    );
  });

  test('of IPv6 is with those of its network, and no other', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const half = fc.tuple(group, group, group, group);
    const text = (groups: readonly number[]): string => groups.map((n) => n.toString(16)).join(':');
    fc.assert(
      fc.property(half, half, half, half, port, (one, other, host, next, from) => {
        // Mapped ones are of IPv4, whatever they look like.
        fc.pre([one, other].every((network) => network.some((n) => n !== 0)));
        const at = (network: readonly number[], rest: readonly number[]): string | undefined =>
          addressGroup(`[${text([...network, ...rest])}]:${from}`);
        expect(at(one, host)).toBe(at(one, next));
        expect(at(one, host) === at(other, host)).toBe(text(one) === text(other));
      }),
    );
  });

  test('and any text can be asked for', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.ipV6()), port, (host, from) => {
        for (const peer of [host, `${host}:${from}`, `[${host}]:${from}`, `[${host}%1]:${from}`]) {
          expect(['string', 'undefined']).toContain(typeof addressGroup(peer));
        }
      }),
    );
  });
});
