import { defineCommand } from '../../command.js';
import { fixedWords } from '../../completion/fixed-words.js';
import { UsageError } from '../../failure.js';
import { summaries } from '../summaries.js';
import { vaultOptions, type VaultAction, type VaultOptionValues } from './vault-action.js';
import { vaultActions } from './vault-actions.js';

const names = fixedWords['vault-action'];

/** Makes vaults, and says and changes who belongs to them. */
export const vaultCommand = defineCommand({
  name: 'vault',
  usage: 'ACTION [ARGUMENT...]',
  wordKinds: { ACTION: 'vault-action', ARGUMENT: 'vault-argument' },
  summary: summaries.vault,
  details: `Actions:
${Object.entries(vaultActions)
  .map(([name, { usage }]) => `  ${name} ${usage}`.trimEnd())
  .join('\n')}

What is in a vault, only its members can read, and the server cannot. VAULT is home, which is
yours alone, or what a vault is called here; files in it are VAULT:PATH. WHO is a
fingerprint, or a name that was added by one. A ROLE is reader, writer or owner. To be added
somewhere, run card once, and tell your fingerprint (\`e2eeftp id\`); then join with the
invitation that you get.`,
  arity: [1, 4],
  options: vaultOptions,
  async run(invocation, values) {
    const [name = '', ...args] = invocation.args;
    const known = names.find((each) => each === name);
    if (known === undefined) throw new UsageError(`vault is followed by ${names.join(', ')}`);
    const action = vaultActions[known];
    const [minimum, maximum] = action.arity;
    if (args.length < minimum) throw new UsageError(`vault ${name} needs ${action.usage}`);
    if (args.length > maximum) {
      throw new UsageError(`"${args[maximum]}" is one argument too many for vault ${name}`);
    }
    refuseOthers(name, action, values);
    return action.run({ ...invocation, args }, values);
  },
});

/** An option that has no effect would be taken for one that has. */
function refuseOthers(
  name: string,
  { options = [] }: VaultAction,
  values: VaultOptionValues,
): void {
  const known: ReadonlySet<string> = new Set(options);
  for (const [option, value] of Object.entries(values)) {
    if (known.has(option) || value === undefined || value === false) continue;
    throw new UsageError(`vault ${name} knows no --${option}`);
  }
}
