import { readFile } from 'node:fs/promises';

import {
  ClientError,
  printable,
  type Role,
  type VaultMember,
  type VaultMembers,
} from '@e2eeftp/client';

import type { Invocation } from '../../command.js';
import { UsageError } from '../../failure.js';
import { withServer } from '../../workspace.js';
import type { VaultAction } from './vault-action.js';

/** Shows who belongs to a vault. */
export const membersAction: VaultAction = {
  usage: 'VAULT',
  arity: [1, 1],
  run: (invocation) =>
    withMembers(invocation, async (members) => {
      const all = members.list();
      for (const member of all) {
        const self = member.isSelf ? ' (you)' : '';
        await invocation.output.result(fieldsOf('member', invocation, member), [
          `${member.fingerprint}  ${member.role.padEnd(6)}  ${printable(member.name)}${self}`,
        ]);
      }
    }),
};

/** Adds somebody to a vault. */
export const addAction: VaultAction = {
  usage: 'VAULT WHO [--role ROLE] [--card FILE]',
  arity: [2, 2],
  options: ['role', 'card'],
  run(invocation, { role = 'reader', card: file }) {
    const { args, output, signal } = invocation;
    const [vault = '', who = ''] = args;
    const wanted = readRole(role);
    return withServer(invocation, async ({ vaults }) => {
      const card = file === undefined ? undefined : await readCard(file);
      const members = await vaults.members(vault, { signal });
      const { member, isTied } = await members.add(who, wanted, { card, signal });
      const invitation = await vaults.invitation(vault);
      const fields = { ...fieldsOf('member-added', invocation, member), invitation };
      await output.result(fields, [`Added ${nameOf(member)} as ${member.role}`]);
      output.note(`To join: e2eeftp vault join ${invitation}`);
      if (!isTied) {
        output.note(`The name ${member.name} means somebody else here; use the fingerprint`);
      }
      return undefined;
    });
  },
};

/** Removes somebody from a vault. */
export const removeAction: VaultAction = {
  usage: 'VAULT WHO',
  arity: [2, 2],
  run: (invocation) =>
    withMembers(invocation, async (members) => {
      const { args, output, signal } = invocation;
      const member = await members.remove(args[1] ?? '', { signal });
      await output.result(fieldsOf('member-removed', invocation, member), [
        `Removed ${nameOf(member)}; what is written from now on is encrypted anew`,
      ]);
    }),
};

/** Gives somebody another role. */
export const roleAction: VaultAction = {
  usage: 'VAULT WHO ROLE',
  arity: [3, 3],
  async run(invocation) {
    const { args, output, signal } = invocation;
    const [, who = '', role = ''] = args;
    const wanted = readRole(role);
    return withMembers(invocation, async (members) => {
      const member = await members.changeRole(who, wanted, { signal });
      await output.result(fieldsOf('member-role', invocation, member), [
        `From now on, ${nameOf(member)} is ${member.role}`,
      ]);
    });
  },
};

async function withMembers(
  invocation: Invocation,
  task: (members: VaultMembers) => Promise<void>,
): Promise<undefined> {
  const { args, signal } = invocation;
  await withServer(invocation, async ({ vaults }) => {
    await task(await vaults.members(args[0] ?? '', { signal }));
  });
  return undefined;
}

function fieldsOf(
  type: string,
  { args }: Invocation,
  { fingerprint, name, role, isSelf }: VaultMember,
): { type: string } & Readonly<Record<string, unknown>> {
  return { type, vault: args[0], fingerprint, name, role, self: isSelf };
}

function nameOf({ name, fingerprint }: VaultMember): string {
  return `${name} (${fingerprint})`;
}

function readRole(text: string): Role {
  if (text === 'owner' || text === 'writer' || text === 'reader') return text;
  throw new UsageError(`"${text}" is no role; a member is reader, writer or owner`);
}

async function readCard(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError('local-file', message, { cause });
  }
}
