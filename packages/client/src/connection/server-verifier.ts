import { equalBytes, fingerprint } from '@e2eeftp/crypto';

import { UntrustedServerError } from '../errors.js';
import type { ServerVerifier } from '../home/server-trust.js';

/**
 * @param server - which server to trust: its public key, 32 bytes, or what decides
 * @returns what decides
 */
export function verifierOf(server: Uint8Array | ServerVerifier): ServerVerifier {
  if (typeof server === 'function') return server;
  return (serverIdentity) => {
    if (equalBytes(server, serverIdentity)) return;
    throw new UntrustedServerError(
      'changed-server',
      `The server proved another key than expected: ${fingerprint(serverIdentity)} instead of ${fingerprint(server)}. Somebody may be in between, or the server has a new key; ask its operator`,
      serverIdentity,
    );
  };
}
