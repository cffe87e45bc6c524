import {
  address,
  choice,
  command,
  count,
  firstGeneration,
  folder,
  lifetime,
  onOrOff,
  optional,
  port,
  size,
  text,
  timeout,
  timeoutOrNone,
  webAddress,
} from './kinds.js';
import type { Kind } from './kind.js';

/** How much is logged; `silent` is nothing at all. */
export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;
/** For programs, or for people. */
export const logFormats = ['json', 'pretty'] as const;

/** Something about the server that its operator can set. */
export interface Setting<Value> {
  readonly kind: Kind<Value>;
  /** What it is when nothing is said, as it would be written; else `undefined`. */
  readonly default: string | undefined;
  /** What help and tables say of the default. */
  readonly shownDefault: string;
  /** What it is, in a sentence. */
  readonly summary: string;
}

/**
 * Everything that can be set: as `--name VALUE`, as the variable `E2EEFTP_SERVER_NAME`, and as
 * `name = VALUE` in the configuration file.
 */
export const settingsTable = {
  host: setting(
    text,
    '127.0.0.1',
    'Name or address of this machine; 0.0.0.0 and :: are all of them',
  ),
  port: setting(port, '5001', 'TCP port; with 0 the system chooses one, and the log tells which'),
  data: setting(folder, '.', 'Data directory; what is missing in it is made'),
  'allow-v1': without(
    firstGeneration,
    'off',
    "Serve clients of the protocol's first generation too; =read refuses whatever changes files. Names and commands can be read and forged on their way, and whoever has recorded a client's hello that this server never saw can list and delete in its name",
  ),
  'log-level': setting(choice(logLevels), 'info', 'How much to log'),
  'log-format': without(
    choice(logFormats),
    'pretty at a terminal, else json',
    'For people, or one JSON object a line',
  ),
  connections: setting(count(1), '4096', 'Connections at once, all together'),
  'connections-per-address': setting(
    count(1),
    '1024',
    'Connections at once from one IPv4 address or IPv6 /64',
  ),
  handshakes: setting(count(1), '128', 'Handshakes under way at once; more have to wait'),
  'handshake-timeout': setting(
    timeout,
    '10s',
    'For all that a client does before it is known; then it is disconnected',
  ),
  'idle-timeout': setting(timeout, '5m', 'Without a request; then the client is disconnected'),
  'progress-timeout': setting(
    timeout,
    '60s',
    'Without a byte moving in a transfer; then the client is disconnected',
  ),
  drain: setting(timeoutOrNone, '10s', 'For what is under way when the server is asked to end'),
  'request-rate': setting(
    count(0),
    '5000',
    'Requests a second of one client, over all its connections; 0 is no limit',
  ),
  'failure-delays': setting(
    onOrOff,
    'on',
    'Make an address wait that fails at handshakes again and again',
  ),
  'file-size': without(optional(size, 'unlimited'), 'unlimited', 'Largest file that can be sent'),
  'directory-size': setting(
    optional(count(1), 'unlimited'),
    '100000',
    'Entries of one directory; listing one takes memory for all of them',
  ),
  'open-files': without(
    optional(count(1), 'auto'),
    'auto',
    'Files open at once in each process, for transfers; more have to wait, and are refused after 5s. auto is what the limit of the system leaves beside the connections',
  ),
  'upload-ttl': setting(
    lifetime,
    '24h',
    'How long an unfinished upload is kept after its last byte, to be resumed',
  ),
  durability: setting(
    choice(['full', 'relaxed']),
    'full',
    'full: what was acknowledged survives a loss of power; relaxed: only the end of the program, which is faster',
  ),
  metrics: without(
    optional(address, 'off'),
    'off',
    'Where to serve /metrics, /healthz and /readyz over HTTP, to whoever asks',
  ),
  'on-upload': without(
    optional(command, 'off'),
    'off',
    'Program to run after each upload, without a shell; the file is named in variables and on standard input, never in arguments',
  ),
  'on-upload-url': without(
    optional(webAddress, 'off'),
    'off',
    'Web address to POST a JSON object to after each upload',
  ),
  'on-upload-timeout': setting(
    timeout,
    '60s',
    'For one run of the program or one POST; then it has failed, and is tried again',
  ),
  workers: setting(count(1, 1024), '1', 'Processes that serve'),
} as const;

/** The name of a setting. */
export type SettingName = keyof typeof settingsTable;

type ValueOf<S> = S extends Setting<infer Value> ? Value : never;

/** What each setting is. */
export type Settings = {
  readonly [Name in SettingName]: ValueOf<(typeof settingsTable)[Name]>;
};

/** The names of all settings, in the order of the table. */
export const settingNames = Object.keys(settingsTable) as readonly SettingName[];

/**
 * @param name - any text
 * @returns whether a setting has this name
 */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingsTable, name);
}

/**
 * @param name - a setting
 * @returns the variable of the environment that sets it
 */
export function variableOf(name: string): string {
  return `${variablePrefix}${name.toUpperCase().replaceAll('-', '_')}`;
}

/** What all variables of this program begin with. */
export const variablePrefix = 'E2EEFTP_SERVER_';

function setting<Value>(kind: Kind<Value>, initial: string, summary: string): Setting<Value> {
  return { kind, default: initial, shownDefault: initial, summary };
}

function without<Value>(
  kind: Kind<Value>,
  shownDefault: string,
  summary: string,
): Setting<Value | undefined> {
  return { kind, default: undefined, shownDefault, summary };
}
