import type { VaultInside } from '@e2eeftp/client';

import { withServer } from '../../workspace.js';
import type { VaultAction } from './vault-action.js';

/** Takes a vault's name away here. */
export const leaveAction: VaultAction = {
  usage: 'VAULT [--forget]',
  arity: [1, 1],
  options: ['forget'],
  run(invocation, { forget }) {
    const { args, output, signal } = invocation;
    const [vault = ''] = args;
    return withServer(invocation, async ({ vaults }) => {
      const inside = await vaults.leave(vault, { forget, signal });
      const role = inside?.role ?? null;
      await output.result({ type: 'vault-left', vault, role }, [
        `Left: ${vault} has no name here any longer`,
        ...whatRemains(inside),
      ]);
      return undefined;
    });
  },
};

/** A name is this program's alone; who the members are is for owners to say. */
function whatRemains(inside: VaultInside | undefined): string[] {
  if (inside?.role === undefined) return [];
  if (inside.role !== 'owner' || inside.owners > 1) {
    return ['You are a member still; an owner has to remove you'];
  }
  const others = inside.members > 1 ? ': nobody else can change who belongs to it' : '';
  return [`You are its only owner still${others}`];
}
