import {
  ClientError,
  ClientHome,
  fingerprint,
  formatPublicKey,
  formatServerAddress,
  loadServerKey,
  parsePublicKey,
  parseServerAddress,
  type KnownServer,
  type ServerAddress,
} from '@e2eeftp/client';

import { defineCommand, type Invocation } from '../command.js';
import { UsageError } from '../failure.js';
import { readFingerprint, trustedKey } from '../server-key.js';
import { summaries } from './summaries.js';

const actions = { list: [0, 0], add: [1, 3], remove: [1, 1] } as const;

/** Shows and changes which servers are trusted. */
export const trustCommand = defineCommand({
  name: 'trust',
  usage: 'list | add HOST[:PORT] [KEY] | remove HOST[:PORT]',
  summary: summaries.trust,
  details: `KEY is the server's public key, or a file with it. Without KEY, add asks the server for its
key, and you whether the fingerprint is right; in a script, say so with --fingerprint. A
server that is known by another key has to be removed first.`,
  arity: [1, 4],
  options: {
    fingerprint: { type: 'string', describe: "The server's fingerprint, as its operator told you" },
  },
  async run(invocation, { fingerprint: expected }) {
    const [action = '', ...args] = invocation.args;
    if (!isAction(action)) throw new UsageError('trust is followed by list, add or remove');
    const [minimum, maximum] = actions[action];
    if (args.length < minimum) throw new UsageError(`trust ${action} needs HOST or HOST:PORT`);
    if (args.length > maximum) {
      throw new UsageError(`"${args[maximum]}" is one argument too many for trust ${action}`);
    }
    const home = new ClientHome();
    const [host = '', ...key] = args;
    if (action === 'list') {
      await list(invocation, home);
    } else if (action === 'remove') {
      await remove(invocation, home, parseServerAddress(host));
    } else {
      const address = parseServerAddress(host);
      const keyFile = invocation.global['server-key'];
      const publicKey =
        key.length > 0
          ? await givenKey(key, expected)
          : await trustedKey(invocation, home, address, { fingerprint: expected, keyFile });
      await add(invocation, home, address, publicKey);
    }
    return undefined;
  },
});

function isAction(text: string): text is keyof typeof actions {
  return Object.hasOwn(actions, text);
}

/** What `ssh-keygen` and others write is two words. */
async function givenKey(
  words: readonly string[],
  expected: string | undefined,
): Promise<Uint8Array> {
  const text = words.join(' ');
  const key = isPublicKey(text) ? parsePublicKey(text) : await loadServerKey(text);
  if (expected === undefined || readFingerprint(expected) === fingerprint(key)) return key;
  throw new UsageError(`The key has another fingerprint: ${fingerprint(key)}`);
}

function isPublicKey(text: string): boolean {
  try {
    parsePublicKey(text);
    return true;
  } catch {
    return false;
  }
}

async function list({ output }: Invocation, home: ClientHome): Promise<void> {
  const servers = await home.knownServers.read();
  const profilesOf = await profilesBy(home);
  const width = Math.max(0, ...servers.map(({ address }) => formatServerAddress(address).length));
  for (const known of servers) {
    const profiles = profilesOf(known.address);
    const names = profiles.length > 0 ? `  ${profiles.join(', ')}` : '';
    const where = formatServerAddress(known.address).padEnd(width);
    const line = `${where}  ${fingerprint(known.publicKey)}${names}`;
    await output.result({ type: 'known-server', ...fieldsOf(known), profiles }, [line]);
  }
  if (servers.length === 0) output.note('No server is known yet; `e2eeftp init HOST` begins');
}

async function add(
  { output }: Invocation,
  home: ClientHome,
  address: ServerAddress,
  publicKey: Uint8Array,
): Promise<void> {
  const isNew = await home.knownServers.add(address, publicKey);
  const known = `${formatServerAddress(address)}, fingerprint ${fingerprint(publicKey)}`;
  await output.result({ type: 'trusted', ...fieldsOf({ address, publicKey }), isNew }, [
    isNew ? `Trusted from now on: ${known}` : `Trusted already: ${known}`,
  ]);
}

async function remove(
  { output }: Invocation,
  home: ClientHome,
  address: ServerAddress,
): Promise<void> {
  const gone = await home.knownServers.remove(address);
  const where = formatServerAddress(address);
  if (gone.length === 0) {
    throw new ClientError(
      'not-found',
      `${where} is not among the known servers; \`e2eeftp trust list\` shows them`,
    );
  }
  for (const known of gone) {
    await output.result({ type: 'distrusted', ...fieldsOf(known) }, [
      `No longer trusted: ${where}, fingerprint ${fingerprint(known.publicKey)}`,
    ]);
  }
  const profiles = (await profilesBy(home))(address);
  if (profiles.length === 0) return;
  output.note(
    `It is still the server of ${profiles.map((name) => `"${name}"`).join(', ')}: \`e2eeftp trust add ${where}\` makes it trusted again`,
  );
}

function fieldsOf({ address, publicKey }: Pick<KnownServer, 'address' | 'publicKey'>): {
  server: string;
  fingerprint: string;
  key: string;
} {
  return {
    server: formatServerAddress(address),
    fingerprint: fingerprint(publicKey),
    key: formatPublicKey(publicKey),
  };
}

/** Says which profiles name a server. */
async function profilesBy(home: ClientHome): Promise<(address: ServerAddress) => string[]> {
  const { profiles } = await home.configuration.read();
  return ({ host, port }) =>
    [...profiles]
      .filter(([, address]) => address.host === host && address.port === port)
      .map(([name]) => name);
}
