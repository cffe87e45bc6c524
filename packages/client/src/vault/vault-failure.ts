import { VaultError, type VaultErrorCode } from '@e2eeftp/vault';

import { asClientError, ClientError, type ClientErrorCode } from '../errors.js';

const codes: Readonly<Partial<Record<VaultErrorCode, ClientErrorCode>>> = {
  'not-a-member': 'not-allowed',
  'not-a-writer': 'not-allowed',
  'not-an-owner': 'not-allowed',
  'already-a-member': 'conflict',
  'unknown-member': 'not-found',
  'no-owner': 'conflict',
  'too-many': 'too-large',
  'bad-name': 'bad-name',
  'name-too-long': 'bad-name',
  'source-changed': 'local-file',
  misuse: 'bad-request',
};

/**
 * Turns whatever an operation on a vault failed with into an error of this package. What is wrong about
 * what somebody stored there is `integrity`: whether it was damaged or forged, nobody can tell.
 *
 * @param error - what was thrown
 * @param vault - what the person who uses the vault calls it, or its id
 * @returns the error itself when it is one already
 */
export function asVaultFailure(error: unknown, vault: string): ClientError {
  if (!(error instanceof VaultError)) return asClientError(error);
  const code = codes[error.code] ?? 'integrity';
  return new ClientError(code, `Vault ${vault}: ${error.message}`, { cause: error });
}
