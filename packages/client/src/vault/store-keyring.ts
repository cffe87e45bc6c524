import { equalBytes } from '@e2eeftp/crypto';
import {
  keyringPath,
  makeNextKeyring,
  vaultLimits,
  type KeyringChange,
  type OpenedKeyring,
} from '@e2eeftp/vault';

import { ClientError } from '../errors.js';
import type { OperationOptions } from '../options.js';
import type { RemoteTree } from '../remote-tree.js';
import type { VaultSession } from './vault-session.js';

/** What is asked of a server to change who belongs to a vault. */
export type KeyringStore = Pick<RemoteTree, 'send' | 'getBytes'>;

/** How often a change is made again because somebody else was faster. */
const attempts = 8;

/**
 * Makes the next keyring of a vault, and stores it. When another owner stores his first, the change is
 * made once more from there: none takes back what the other did.
 *
 * @param store - asks the server
 * @param session - the vault, which knows the new keyring afterwards
 * @param plan - says what is to be different from the keyring in force; nothing when it is so already
 * @param options - when to give up
 * @throws ClientError `conflict` when others were faster every time; VaultError when it may not be
 */
export async function changeKeyring(
  store: KeyringStore,
  session: VaultSession,
  plan: (opened: OpenedKeyring) => KeyringChange | undefined,
  options: OperationOptions,
): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { vault, sequence } = session.opened.keyring;
    let bytes: Uint8Array | undefined;
    try {
      const change = plan(session.opened);
      bytes = change && (await makeNextKeyring(session.opened, session.identity, change));
    } catch (error) {
      // What cannot be done to an older keyring may well be done to the one in force.
      if (await session.refresh({ ...options, than: sequence })) continue;
      throw error;
    }
    if (!bytes) return;
    const next = { vault, sequence: sequence + 1, bytes };
    const stored = await storeKeyring(store, next, options).catch(unlessRefused);
    const isOld = await session.refresh({ ...options, than: sequence });
    if (stored === true) return;
    // Whoever is an owner no longer hears that from the keyring which says so.
    if (stored instanceof ClientError && !isOld) throw stored;
  }
  throw new ClientError(
    'conflict',
    `Vault ${session.label}: other owners change its members all the time; try again in a moment`,
  );
}

/**
 * Stores a keyring in one piece, under a number that has none yet.
 *
 * @param store - asks the server
 * @param keyring - it, and where it belongs
 * @param keyring.vault - the vault's id, 16 bytes
 * @param keyring.sequence - its number
 * @param keyring.bytes - all of it
 * @param options - when to give up
 * @returns whether it is there; otherwise another one is, or there may be none
 * @throws ClientError
 */
export async function storeKeyring(
  store: KeyringStore,
  {
    vault,
    sequence,
    bytes,
  }: { readonly vault: Uint8Array; readonly sequence: number; readonly bytes: Uint8Array },
  options: OperationOptions,
): Promise<boolean> {
  const path = keyringPath(vault, sequence);
  try {
    // Chunks that come once are sent without a name by which the upload could be gone on with.
    await store.send([bytes], path, { ...options, size: bytes.length, overwrite: 'never' });
    return true;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    if (error.code === 'conflict') return false;
    if (!leavesOpen.has(error.code)) throw error;
  }
  try {
    const stored = await store.getBytes(path, { ...options, maxSize: vaultLimits.keyring });
    return equalBytes(stored, bytes);
  } catch (error) {
    if (error instanceof ClientError && error.code === 'not-found') return false;
    throw error;
  }
}

function unlessRefused(error: unknown): ClientError {
  if (error instanceof ClientError && error.code === 'not-allowed') return error;
  throw error;
}

/** Failures after which nobody can tell whether the server has it. */
const leavesOpen: ReadonlySet<string> = new Set(['disconnected', 'timed-out', 'shutting-down']);
