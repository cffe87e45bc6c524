import type { OptionValues } from './option.js';

/** The options of every command. */
export const globalOptions = {
  server: { type: 'string', describe: 'The server, HOST[:PORT], whatever the profile says' },
  profile: { type: 'string', describe: 'The profile that names the server' },
  identity: { type: 'string', names: 'local', describe: 'The file with your private key' },
  'passphrase-file': {
    type: 'string',
    names: 'local',
    describe: 'A file with the passphrase of your key, for you alone',
  },
  askpass: {
    type: 'string',
    names: 'local',
    describe: 'A program that writes the passphrase of your key to its standard output',
  },
  'server-key': {
    type: 'string',
    names: 'local',
    describe: 'A file with the public key of the server: trust this key and no other',
  },
  v1: {
    type: 'boolean',
    describe: 'Speak the first generation of the protocol, to servers that know nothing newer',
  },
  timeout: { type: 'number', describe: 'Seconds to wait for the server when nothing moves' },
  retries: {
    type: 'count',
    describe: 'Further attempts while the connection breaks and nothing moves; 5 by default',
  },
  connections: {
    type: 'count',
    minimum: 1,
    describe: 'Connections at once, at most; 4 by default',
  },
  'limit-rate': {
    type: 'rate',
    describe: 'Bytes a second for all transfers together, such as 500K or 2M',
  },
  json: { type: 'boolean', describe: 'Write one JSON object a line, for programs' },
  quiet: { type: 'boolean', alias: 'q', describe: 'Say nothing but results and failures' },
  verbose: { type: 'boolean', alias: 'v', describe: 'Say what the handshake settled' },
} as const;

/** What the user gave for the options of every command. */
export type GlobalOptions = OptionValues<typeof globalOptions>;
