import ipaddr from 'ipaddr.js';

const siteBits = 64;

/**
 * Finds what a limit per address is to count together: an IPv4 address alone, but of IPv6 the whole
 * /64, since everybody has one, and could otherwise come from another address each time.
 *
 * @param peer - where a peer is, as its transport says: an address and a port, or any other text
 * @returns what stands for all addresses that one peer can have; nothing when it has none, as with
 *   a connection in memory or a Unix socket, where one name stands for everybody
 */
export function addressGroup(peer: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*)):\d+$/u.exec(peer) ?? [];
  const host = (bracketed ?? plain ?? '').replace(/%.*$/u, '');
  if (!ipaddr.isValid(host)) return undefined;
  const address = ipaddr.process(host);
  if (address.kind() === 'ipv4') return address.toString();
  const [network] = ipaddr.parseCIDR(`${address.toString()}/${siteBits}`);
  const kept = network.toByteArray().slice(0, siteBits / 8);
  return `${Buffer.from(kept).toString('hex')}::/${siteBits}`;
}
