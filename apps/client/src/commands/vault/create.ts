import { withServer } from '../../workspace.js';
import type { VaultAction } from './vault-action.js';

/** Makes a vault. */
export const createAction: VaultAction = {
  usage: 'NAME',
  arity: [1, 1],
  run(invocation) {
    const { args, output, signal } = invocation;
    const [name = ''] = args;
    return withServer(invocation, async ({ vaults }) => {
      const { id } = await vaults.create(name, { signal });
      await output.result({ type: 'vault', vault: name, id }, [
        `Made the vault ${name}; what is sent to ${name}:PATH, only its members can read`,
      ]);
      return undefined;
    });
  },
};
