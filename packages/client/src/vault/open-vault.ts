import {
  openingAccess,
  sealingAccess,
  VaultError,
  type OpeningAccess,
  type SealingAccess,
} from '@e2eeftp/vault';

import { ClientError } from '../errors.js';
import { asVaultFailure } from './vault-failure.js';
import type { VaultSession } from './vault-session.js';

/** Of a session, what files and folders are read and written with. */
export type OpenVault = Pick<
  VaultSession,
  'id' | 'root' | 'label' | 'identity' | 'opened' | 'prepareWriting' | 'refresh'
>;

/**
 * @param vault - an opened vault
 * @returns what opens files by the keyring that is in force now
 */
export function openingOf({ opened }: Pick<OpenVault, 'opened'>): OpeningAccess {
  return openingAccess(opened);
}

/**
 * @param vault - an opened vault
 * @returns what seals files by the keyring that is in force now
 * @throws VaultError `not-a-writer`
 */
export function sealingOf({
  opened,
  identity,
}: Pick<OpenVault, 'opened' | 'identity'>): SealingAccess {
  return sealingAccess(opened, identity);
}

/** The path of anything in a vault, as it stands in messages about requests. */
const storedPath = /vaults\/[a-z2-7]{26}(?:\/[\w.-]+)*/gu;

/**
 * Says what an operation failed with in the words of who asked for it: nobody knows a stored name.
 *
 * @param error - what was thrown
 * @param vault - the vault
 * @param path - what was asked for, in the vault
 * @returns the error; the same where nothing has to be said otherwise
 */
export function explained(
  error: unknown,
  { label }: Pick<OpenVault, 'label'>,
  path: string,
): ClientError {
  if (error instanceof VaultError) return asVaultFailure(error, `${label}, ${path}`);
  if (!(error instanceof ClientError)) return asVaultFailure(error, label);
  const message = error.message.replaceAll(storedPath, () => `${label}:${path}`);
  return message === error.message ? error : new ClientError(error.code, message, { cause: error });
}

/**
 * @param error - what an operation failed with
 * @returns what is wrong about the vault, if that is what it failed with, however often it was said in
 *   other words since
 */
export function vaultErrorIn(error: unknown): VaultError | undefined {
  for (let reason = error; reason instanceof Error; reason = reason.cause) {
    if (reason instanceof VaultError) return reason;
  }
  return undefined;
}

/**
 * @param error - what reading a file failed with
 * @returns whether a newer keyring may change that: it may begin an epoch, or make somebody a writer
 */
export function mayBeOutdated(error: unknown): boolean {
  const code = vaultErrorIn(error)?.code;
  return code === 'unknown-epoch' || code === 'sender-not-writer';
}

/** A server has refused a change with 409: there may be a newer keyring. */
export class RefusedChange extends Error {
  override readonly name = 'RefusedChange';
  readonly refusal: ClientError;

  /** @param refusal - what the server's answer was turned into */
  constructor(refusal: ClientError) {
    super(refusal.message, { cause: refusal });
    this.refusal = refusal;
  }
}

/** Newer keyrings that come while one change is tried. */
const patience = 5;

/**
 * Makes a change in a vault, and makes it again when the members have changed meanwhile.
 *
 * @param vault - the vault
 * @param signal - ends it early
 * @param change - makes the change, with the number of the keyring that is in force
 * @returns what the change returns
 * @throws what the change throws; ClientError `not-allowed` for who may not write
 */
export async function changeVault<Result>(
  vault: OpenVault,
  signal: AbortSignal,
  change: (keyring: number) => Promise<Result>,
): Promise<Result> {
  await vault.prepareWriting({ signal });
  for (let attempt = 1; ; attempt++) {
    const { sequence } = vault.opened.keyring;
    try {
      return await change(sequence);
    } catch (error) {
      if (!(error instanceof RefusedChange)) throw error;
      const isNewer = await vault.refresh({ than: sequence, signal });
      if (!isNewer || attempt === patience) throw error.refusal;
      await vault.prepareWriting({ signal });
    }
  }
}

/**
 * @param request - asks the server for a change
 * @returns what it returns
 * @throws RefusedChange for a conflict; else what it throws
 */
export async function refusable<Result>(request: Promise<Result>): Promise<Result> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ClientError && error.code === 'conflict') throw new RefusedChange(error);
    throw error;
  }
}
