import {
  ClientError,
  ClientHome,
  fingerprint,
  formatPublicKey,
  formatServerAddress,
  hasPassphrase,
  loadOrCreateIdentity,
  parseServerAddress,
  restoreIdentity,
  type Configuration,
  type Identity,
  type NewIdentityOptions,
  type ServerAddress,
} from '@e2eeftp/client';

import { defineCommand, type Invocation } from '../command.js';
import { UsageError } from '../failure.js';
import { newPassphrase, passphraseFor } from '../passphrase.js';
import { askText, askYesOrNo, canAsk } from '../prompt.js';
import { askRecoveryCode } from '../recovery.js';
import { trustedKey } from '../server-key.js';
import { usingServer } from '../session.js';
import { summaries } from './summaries.js';

const usualProfile = 'default';

/** Makes everything that the other commands need. */
export const initCommand = defineCommand({
  name: 'init',
  usage: '[HOST[:PORT]]',
  summary: summaries.init,
  details: `At a terminal, it asks for what was not given: the server, whether its fingerprint is right,
whether your new key gets a passphrase, and the name of the profile. Without a terminal
nothing is asked: HOST is needed, and --fingerprint or --server-key, or --yes for a network
where nobody can be in between; --protect takes the passphrase from --passphrase-file or
--askpass. The profile is called "default" unless --profile says otherwise.

On a new machine, --recover gives you your identity back, and with it all that your vaults hold:
it asks for the code that \`e2eeftp vault recovery\` has shown, or reads it from standard input.`,
  arity: [0, 1],
  options: {
    fingerprint: { type: 'string', describe: "The server's fingerprint, as its operator told you" },
    yes: { type: 'boolean', alias: 'y', describe: 'Trust a server that was never seen before' },
    protect: { type: 'boolean', describe: 'Give a new key a passphrase' },
    recover: { type: 'boolean', describe: 'Get your identity back from a recovery code' },
    force: { type: 'boolean', describe: 'Recover also where another key is; it is kept beside' },
    unprotected: { type: 'boolean', describe: 'Give a new key none, and do not ask' },
  },
  async run(invocation, { fingerprint: expected, yes, protect, unprotected, recover, force }) {
    const { args, global } = invocation;
    if (protect && unprotected) throw new UsageError('Give --protect or --unprotected, not both');
    if (force && !recover) throw new UsageError('--force is for --recover alone');
    const home = new ClientHome();
    // Whatever is wrong with the files is to be known before anything is asked or changed.
    const configuration = await home.configuration.read();
    const file = global.identity ?? home.identityPath;
    if (recover) {
      if (!force) await refuseOtherKey(file);
    } else if (protect && (await hasPassphrase(file)) === false) {
      throw new UsageError(`${file} has no passphrase; \`e2eeftp passphrase\` gives it one`);
    }
    const [host] = args;
    const address = host === undefined ? await askServer(invocation) : parseServerAddress(host);
    const newKeyPassphrase = async (path: string): Promise<string | undefined> =>
      protect || (!unprotected && (await wantsPassphrase(invocation)))
        ? newPassphrase(invocation, path, global['passphrase-file'])
        : undefined;
    // What was typed from paper must not be lost because a server does not answer.
    const recovered = recover
      ? await recoverIdentity(invocation, file, newKeyPassphrase, force)
      : undefined;
    const serverIdentity = await trustedKey(invocation, home, address, {
      fingerprint: expected,
      keyFile: global['server-key'],
      trustsUnknown: yes,
    });
    const identity = recovered ?? (await ownIdentity(invocation, file, newKeyPassphrase));
    const refusal = await greet(invocation, address, identity, serverIdentity);
    const profile = await chooseProfile(invocation, configuration, address);
    await home.knownServers.add(address, serverIdentity);
    await home.configuration.saveProfile(profile, address);
    await tell(invocation, { address, identity, serverIdentity, profile, refusal });
    return undefined;
  },
});

type AskPassphrase = NonNullable<NewIdentityOptions['newPassphrase']>;

async function ownIdentity(
  invocation: Invocation,
  file: string,
  ask: AskPassphrase,
): Promise<Identity> {
  const { identity, isNew } = await loadOrCreateIdentity(file, {
    ...passphraseFor(invocation),
    newPassphrase: ask,
  });
  if (isNew) invocation.output.note(`Made a new identity: ${file}`);
  return identity;
}

async function recoverIdentity(
  invocation: Invocation,
  file: string,
  ask: AskPassphrase,
  replaces: boolean | undefined,
): Promise<Identity> {
  const { output } = invocation;
  const identity = await askRecoveryCode(invocation);
  const keptPath = await restoreIdentity(file, identity, { newPassphrase: ask, replaces });
  if (keptPath !== undefined) output.note(`The key that was there is now ${keptPath}`);
  output.note(`You are ${fingerprint(identity.publicKey)} again: ${file}`);
  output.note(
    '`e2eeftp vault list` shows your other vaults, and `vault join` gives them names here',
  );
  return identity;
}

/** Also one that cannot be read is in the way. */
async function refuseOtherKey(file: string): Promise<void> {
  if ((await hasPassphrase(file)) === undefined) return;
  throw new ClientError(
    'bad-identity',
    `There is an identity at ${file} already: leave out --recover to use it, or add --force to put the recovered one in its place`,
  );
}

async function askServer({ global, signal }: Invocation): Promise<ServerAddress> {
  if (global.server !== undefined) return parseServerAddress(global.server);
  if (!canConverse(global)) throw new UsageError('HOST is missing: which server is it?');
  const text = await askText('Address of the server (HOST or HOST:PORT):', signal, {
    check: (given) => reasonAgainst(() => parseServerAddress(given.trim())),
  });
  return parseServerAddress(text.trim());
}

async function wantsPassphrase({ global, signal }: Invocation): Promise<boolean> {
  if (!canConverse(global)) return false;
  return askYesOrNo('Protect your new key with a passphrase?', signal);
}

/** Asks only when it is not clear: the usual profile may be that of another server already. */
async function chooseProfile(
  { args, global, output, signal }: Invocation,
  { profiles }: Configuration,
  { host, port }: ServerAddress,
): Promise<string> {
  if (global.profile !== undefined) return global.profile;
  const own = [...profiles].find(([, known]) => known.host === host && known.port === port);
  const usual = profiles.get(usualProfile);
  const isTaken = usual !== undefined && (usual.host !== host || usual.port !== port);
  if (!canConverse(global)) {
    if (isTaken) {
      output.note(
        `The profile "${usualProfile}" was ${formatServerAddress(usual)}; with --profile, both are kept`,
      );
    }
    return usualProfile;
  }
  if (own) return own[0];
  if (!isTaken && args.length > 0) return usualProfile;
  return askText('Name of the profile:', signal, {
    usual: isTaken ? host.replaceAll(/[^a-z0-9_-]/gu, '-').slice(0, 64) : usualProfile,
    check: (name) => /^[\w-]{1,64}$/u.test(name) || 'Use up to 64 letters, digits, "_" and "-"',
  });
}

function canConverse({ json }: Invocation['global']): boolean {
  return !json && canAsk();
}

function reasonAgainst(attempt: () => unknown): true | string {
  try {
    attempt();
    return true;
  } catch (error) {
    if (error instanceof ClientError) return error.message;
    throw error;
  }
}

/** Says whether the server knows the user: `not-authorized` if it does not. */
async function greet(
  invocation: Invocation,
  address: ServerAddress,
  identity: Identity,
  server: Uint8Array,
): Promise<ClientError | undefined> {
  try {
    await usingServer(invocation, { address, identity, server }, () => Promise.resolve());
    return undefined;
  } catch (error) {
    if (error instanceof ClientError && error.code === 'not-authorized') return error;
    throw error;
  }
}

interface Introduction {
  readonly address: ServerAddress;
  readonly identity: Identity;
  readonly serverIdentity: Uint8Array;
  readonly profile: string;
  readonly refusal: ClientError | undefined;
}

async function tell(
  { output }: Invocation,
  { address, identity, serverIdentity, profile, refusal }: Introduction,
): Promise<void> {
  const server = formatServerAddress(address);
  const serverFingerprint = fingerprint(serverIdentity);
  const key = formatPublicKey(identity.publicKey);
  const ownFingerprint = fingerprint(identity.publicKey);
  const isAuthorized = refusal === undefined;
  const next = isAuthorized
    ? ['The server knows you. Try: e2eeftp ls']
    : [
        'The server does not know you yet. Its operator has to add this line to authorized_clients.pub:',
        '',
        key,
        '',
        `Your fingerprint is ${ownFingerprint}. Then try: e2eeftp ls`,
      ];
  await output.result(
    {
      type: 'init',
      server,
      serverFingerprint,
      profile,
      key,
      fingerprint: ownFingerprint,
      authorized: isAuthorized,
    },
    [`The profile "${profile}" is ${server}, fingerprint ${serverFingerprint}`, ...next],
  );
}
