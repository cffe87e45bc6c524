import { parse, stringify } from 'smol-toml';

import { ClientError } from '../errors.js';
import { isPort, type ServerAddress } from './server-address.js';
import { editSmallFile, readSmallFile } from './small-file.js';

/** What `config.toml` says. */
export interface Configuration {
  /** The profile that is used when none is named. */
  readonly defaultProfile: string | undefined;
  /** Servers by the names that the user gave them. */
  readonly profiles: ReadonlyMap<string, ServerAddress>;
}

type Table = Readonly<Record<string, unknown>>;

/** A bare key of TOML, so that nobody has to think about quotes. */
const profileName = /^[A-Za-z0-9_-]{1,64}$/u;

/**
 * The user's settings as a TOML file:
 *
 * ```toml
 * default = "office"
 *
 * [profiles.office]
 * host = "files.example.org"
 * port = 5001
 * ```
 *
 * A key that is not known is an error, so that a misspelt one is not silently without effect.
 */
export class ConfigurationFile {
  /** The file; it need not exist. */
  readonly path: string;

  /** @param path - the file; it need not exist */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * @returns what the file says now; a missing file says nothing
   * @throws ClientError `bad-configuration` when it is not valid
   */
  async read(): Promise<Configuration> {
    return this.#read(await readSmallFile(this.path));
  }

  #read(text: string): Configuration {
    const table = this.#parse(text);
    this.#allowOnly(table, ['default', 'profiles'], 'at the top');
    const { default: defaultProfile, profiles = {} } = table;
    if (defaultProfile !== undefined && typeof defaultProfile !== 'string') {
      throw this.#invalid('"default" is not the name of a profile');
    }
    if (!isTable(profiles)) throw this.#invalid('"profiles" is no table');
    const entries = Object.entries(profiles).map(([name, value]): [string, ServerAddress] => [
      name,
      this.#profile(name, value),
    ]);
    return { defaultProfile, profiles: new Map(entries) };
  }

  /**
   * @param name - a profile; by default the default one
   * @returns its server, or `undefined` when there is neither a name nor a default
   * @throws ClientError `bad-configuration` when the file is not valid, or has no such profile
   */
  async findServer(name?: string): Promise<ServerAddress | undefined> {
    const { defaultProfile, profiles } = await this.read();
    const wanted = name ?? defaultProfile;
    if (wanted === undefined) return undefined;
    const server = profiles.get(wanted);
    if (server) return server;
    throw new ClientError(
      'bad-configuration',
      `There is no profile "${wanted}" in ${this.path}; \`e2eeftp init HOST --profile ${wanted}\` makes it`,
    );
  }

  /**
   * Writes a profile down, in place of an older one of that name. It becomes the default when
   * there is none. Comments in the file are lost.
   *
   * @param name - letters, digits, `_` and `-`
   * @param server - where the server listens
   * @throws ClientError `bad-configuration` for another name, or when the file is not valid
   */
  async saveProfile(name: string, server: ServerAddress): Promise<void> {
    if (!profileName.test(name)) {
      throw new ClientError(
        'bad-configuration',
        `"${name}" is no name for a profile; use up to 64 letters, digits, "_" and "-"`,
      );
    }
    await editSmallFile(this.path, (before) => {
      const { defaultProfile, profiles } = this.#read(before);
      const known = profiles.get(name);
      if (known?.host === server.host && known.port === server.port && defaultProfile) {
        return before;
      }
      const { host, port } = server;
      return stringify({
        default: defaultProfile ?? name,
        profiles: Object.fromEntries([...profiles, [name, { host, port }]]),
      });
    });
  }

  #parse(text: string): Table {
    try {
      return parse(text);
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      const [reason = ''] = cause.message.split('\n');
      throw new ClientError('bad-configuration', `${this.path}: ${reason}`, { cause });
    }
  }

  #profile(name: string, value: unknown): ServerAddress {
    if (!isTable(value)) throw this.#invalid(`the profile "${name}" is no table`);
    this.#allowOnly(value, ['host', 'port'], `in the profile "${name}"`);
    const { host, port } = value;
    if (typeof host !== 'string' || host === '') {
      throw this.#invalid(`the profile "${name}" has no host`);
    }
    if (!isPort(port)) throw this.#invalid(`the profile "${name}" has no port from 1 to 65535`);
    return { host: host.toLowerCase(), port };
  }

  #allowOnly(table: Table, keys: readonly string[], where: string): void {
    const unknown = Object.keys(table).find((key) => !keys.includes(key));
    if (unknown !== undefined) throw this.#invalid(`"${unknown}" ${where} is not known`);
  }

  #invalid(reason: string): ClientError {
    return new ClientError('bad-configuration', `${this.path} is not valid: ${reason}`);
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
