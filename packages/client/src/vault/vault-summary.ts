import type { Role } from '@e2eeftp/vault';

import { asClientError, type ClientError } from '../errors.js';
import type { VaultSession } from './vault-session.js';

/** A vault as a list shows it. */
export interface VaultSummary {
  /** Its id, as it stands in paths. */
  readonly id: string;
  /** What it is called here; nothing for one that was not joined. */
  readonly alias: string | undefined;
  /** What it looks like inside; nothing for one that was not joined, or cannot be opened. */
  readonly inside: VaultInside | undefined;
  /** Why it cannot be opened. */
  readonly problem: ClientError | undefined;
}

/** What only members of a vault see. */
export interface VaultInside {
  /** What its owners call it; put it through `printable` before you show it. */
  readonly name: string;
  /** What who asks may do in it. */
  readonly role: Role | undefined;
  /** How many members it has. */
  readonly members: number;
  /** How many of them own it. */
  readonly owners: number;
  /** How many epochs it has had. */
  readonly epoch: number;
}

/**
 * @param session - a vault that was opened
 * @returns what is in the list about it
 */
export function insideOf({ opened, role }: VaultSession): VaultInside {
  const { members, epoch } = opened.keyring;
  const owners = members.filter((member) => member.role === 'owner').length;
  return { name: opened.name, role, members: members.length, owners, epoch };
}

/**
 * @param id - the vault's id
 * @param alias - what it is called here
 * @param opening - its session
 * @returns what is in the list about it, whether it opens or not
 */
export async function summarize(
  id: string,
  alias: string,
  opening: Promise<VaultSession>,
): Promise<VaultSummary> {
  try {
    return { id, alias, inside: insideOf(await opening), problem: undefined };
  } catch (error) {
    return { id, alias, inside: undefined, problem: asClientError(error) };
  }
}

/**
 * @param id - the id of a vault that has no name here
 * @returns what is in the list about it
 */
export function notJoined(id: string): VaultSummary {
  return { id, alias: undefined, inside: undefined, problem: undefined };
}
