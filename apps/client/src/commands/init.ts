import {
  ClientHome,
  fingerprint,
  formatPublicKey,
  formatServerAddress,
  parseServerAddress,
  type ClientError,
  type Identity,
  type ServerAddress,
} from '@e2eeftp/client';

import { defineCommand, type Invocation } from '../command.js';
import { meetServer } from '../meet-server.js';
import { ownIdentity } from '../session.js';

const usualProfile = 'default';

/** Makes everything that the other commands need. */
export const initCommand = defineCommand({
  name: 'init',
  usage: 'HOST[:PORT]',
  summary: 'Make an identity and a profile, and get to know a server',
  details: `Shows the fingerprint of the server and asks whether it is right. Without a terminal, say so
beforehand: --fingerprint or --server-key, or --yes for a network where nobody can be in
between. The profile is called "default" unless --profile says otherwise.`,
  arity: [1, 1],
  options: {
    fingerprint: { type: 'string', describe: "The server's fingerprint, as its operator told you" },
    yes: { type: 'boolean', alias: 'y', describe: 'Trust a server that was never seen before' },
  },
  async run(invocation, { fingerprint: expected, yes }) {
    const { args, global, output } = invocation;
    const home = new ClientHome();
    const address = parseServerAddress(args[0] ?? '');
    // Whatever is wrong with the files is to be known before anything is changed.
    await home.configuration.read();
    const { identity, isNew, file } = await ownIdentity(invocation, home);
    if (isNew) output.note(`Made a new identity: ${file}`);
    const { serverIdentity, refusal } = await meetServer(invocation, home, address, identity, {
      fingerprint: expected,
      yes,
    });
    await home.knownServers.add(address, serverIdentity);
    const profile = global.profile ?? usualProfile;
    await home.configuration.saveProfile(profile, address);
    await tell(invocation, { address, identity, serverIdentity, profile, refusal });
    return undefined;
  },
});

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
