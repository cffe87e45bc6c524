import type { Invocation } from '../../command.js';
import type { ExitCode } from '../../exit-code.js';
import type { OptionValues } from '../../option.js';

/** The options of all actions; each action takes some of them. */
export const vaultOptions = {
  as: { type: 'string', describe: 'join: what to call the vault here' },
  card: {
    type: 'string',
    names: 'local',
    describe: "add: a file with the person's card, in place of the server's copy",
  },
  deep: { type: 'boolean', describe: 'verify: read every file to its end, and check who sent it' },
  fingerprint: {
    type: 'string',
    describe: 'join: the fingerprint of who began the vault, as you were told',
  },
  forget: { type: 'boolean', describe: 'leave: forget what was accepted of the vault, too' },
  name: { type: 'string', describe: 'card: what you want to be called' },
  output: { type: 'string', names: 'local', describe: 'card: a file to write the card to, too' },
  role: { type: 'string', describe: 'add: reader (the default), writer or owner' },
} as const;

/** What the user gave for them. */
export type VaultOptionValues = OptionValues<typeof vaultOptions>;

/** Something that is done about vaults. */
export interface VaultAction {
  /** Its arguments, for the help. */
  readonly usage: string;
  /** How many arguments it takes: at least and at most. */
  readonly arity: readonly [number, number];
  /** Which options it takes. */
  readonly options?: readonly (keyof VaultOptionValues)[];
  /** Does it; the arguments are those behind its name. */
  run(invocation: Invocation, options: VaultOptionValues): Promise<ExitCode | undefined>;
}
