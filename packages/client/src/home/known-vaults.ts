import { normalizeFingerprint } from '@e2eeftp/crypto';
import { printable } from '@e2eeftp/protocol';
import { formatVaultId, parseVaultId } from '@e2eeftp/vault';
import { parse, stringify } from 'smol-toml';
import * as z from 'zod';

import { ClientError } from '../errors.js';
import { editSmallFile, readSmallFile } from './small-file.js';

/** A vault that has a name here. */
export interface KnownVault {
  /** What the person calls it. */
  readonly alias: string;
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /** The fingerprint of who began it, which was confirmed. */
  readonly firstOwner: string;
}

const fingerprintSchema = z.string().refine((text) => normalizeFingerprint(text) === text);

const fileSchema = z.strictObject({
  vaults: z
    .array(
      z.strictObject({
        server: z.string().regex(/^[0-9a-f]{64}$/u),
        alias: z.string().refine(isAlias),
        id: z.string().refine(isVaultId),
        firstOwner: fingerprintSchema,
      }),
    )
    .default([]),
  people: z
    .array(z.strictObject({ name: z.string().min(1), fingerprint: fingerprintSchema }))
    .default([]),
});

type File = z.infer<typeof fileSchema>;

/** Names that mean something already. */
const reserved: ReadonlySet<string> = new Set(['home', 'plain']);

/**
 * What this person calls vaults, on each server, and other people: a TOML file with a table for each.
 * A name never means two of them; what it says of one server says nothing of another.
 */
export class KnownVaults {
  readonly #path: string | undefined;
  #text = '';

  /** @param path - the file, which need not exist; by default nothing outlives the object */
  constructor(path?: string) {
    this.#path = path;
  }

  /**
   * @param server - the server's identity, 32 bytes
   * @returns the vaults there that have names here
   * @throws ClientError `bad-configuration` when the file is not valid, `local-file`
   */
  async list(server: Uint8Array): Promise<readonly KnownVault[]> {
    const { vaults } = await this.#read();
    const here = vaults.filter((vault) => vault.server === hex(server));
    return here.map(({ alias, id, firstOwner }) => ({
      alias,
      vault: parseVaultId(id),
      firstOwner,
    }));
  }

  /**
   * Gives a vault a name.
   *
   * @param server - the server's identity, 32 bytes
   * @param known - the vault
   * @throws ClientError `conflict` when the name or the vault is taken, `bad-name`
   */
  async add(server: Uint8Array, { alias, vault, firstOwner }: KnownVault): Promise<void> {
    const entry = {
      server: hex(server),
      alias: checkedAlias(alias),
      id: formatVaultId(vault),
      firstOwner,
    };
    await this.#edit((file) => {
      const here = file.vaults.filter((other) => other.server === entry.server);
      const rival = here.find((other) => other.alias === entry.alias || other.id === entry.id);
      if (rival) throw taken(rival, entry.alias);
      return { ...file, vaults: [...file.vaults, entry] };
    });
  }

  /**
   * Takes a name away.
   *
   * @param server - the server's identity, 32 bytes
   * @param alias - a name
   * @throws ClientError `not-found`
   */
  async remove(server: Uint8Array, alias: string): Promise<void> {
    await this.#edit((file) => {
      const isIt = (vault: File['vaults'][number]): boolean =>
        vault.server === hex(server) && vault.alias === alias;
      if (!file.vaults.some(isIt)) throw noAlias(alias);
      return { ...file, vaults: file.vaults.filter((vault) => !isIt(vault)) };
    });
  }

  /**
   * @param name - what this person calls somebody
   * @returns the fingerprint that the name was tied to, if it was
   */
  async fingerprintOf(name: string): Promise<string | undefined> {
    const { people } = await this.#read();
    return people.find((person) => person.name === name)?.fingerprint;
  }

  /**
   * @returns what this person calls others
   * @throws ClientError `bad-configuration` when the file is not valid, `local-file`
   */
  async names(): Promise<readonly string[]> {
    const { people } = await this.#read();
    return people.map(({ name }) => name);
  }

  /**
   * Ties a name to a fingerprint, unless it is another's already, or could be taken for a fingerprint.
   *
   * @param name - what somebody is called
   * @param fingerprint - his, which this person has compared
   * @returns whether the name now means him
   */
  async tie(name: string, fingerprint: string): Promise<boolean> {
    if (normalizeFingerprint(name) !== undefined) return false;
    let isTied = false;
    await this.#edit((file) => {
      const known = file.people.find((person) => person.name === name);
      isTied = !known || known.fingerprint === fingerprint;
      return known ? file : { ...file, people: [...file.people, { name, fingerprint }] };
    });
    return isTied;
  }

  async #read(): Promise<File> {
    return this.#parse(this.#path === undefined ? this.#text : await readSmallFile(this.#path));
  }

  async #edit(change: (file: File) => File): Promise<void> {
    const edit = (before: string): string => {
      const file = this.#parse(before);
      const after = change(file);
      return after === file ? before : stringify(after);
    };
    if (this.#path === undefined) this.#text = edit(this.#text);
    else await editSmallFile(this.#path, edit);
  }

  #parse(text: string): File {
    try {
      const file = fileSchema.parse(parse(text));
      requireOneMeaning(file);
      return file;
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      const [reason = ''] = cause instanceof z.ZodError ? issuesOf(cause) : [cause.message];
      const message = `${this.#path ?? 'The list of vaults'} is not valid: ${reason.split('\n')[0]}`;
      throw new ClientError('bad-configuration', message, { cause });
    }
  }
}

/**
 * @param alias - what a person wants to call a vault
 * @returns the same in Unicode's composed form (NFC), so that it can be typed
 * @throws ClientError `bad-name` for what cannot stand before the colon of a name, or means something
 */
export function checkedAlias(alias: string): string {
  const composed = alias.normalize('NFC');
  if (isAlias(composed)) return composed;
  throw new ClientError(
    'bad-name',
    `A vault cannot be called "${printable(alias)}" here: choose up to 64 letters, digits, ".", "_" and "-" that begin with a letter or digit, but neither "home" nor "plain"`,
  );
}

/**
 * @param alias - a name that no vault has
 * @returns the error that says so
 */
export function noAlias(alias: string): ClientError {
  return new ClientError(
    'not-found',
    `No vault of this server is called "${printable(alias)}" here; \`e2eeftp vault list\` shows them, and \`e2eeftp vault join\` gives one a name`,
  );
}

/**
 * @param text - what stands before the colon of a name
 * @returns whether a vault can be called so
 */
export function isAlias(text: string): boolean {
  return /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,63}$/u.test(text) && !reserved.has(text);
}

function isVaultId(text: string): boolean {
  try {
    parseVaultId(text);
    return true;
  } catch {
    return false;
  }
}

/** Whoever edits the file by hand must not make two vaults answer to one name. */
function requireOneMeaning({ vaults, people }: File): void {
  const names = vaults.map(({ server, alias }) => `${server} ${alias}`);
  const ids = vaults.map(({ server, id }) => `${server} ${id}`);
  for (const all of [names, ids, people.map(({ name }) => name)]) {
    const twice = all.find((name, index) => all.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`"${twice}" stands there twice`);
  }
}

function issuesOf({ issues }: z.ZodError): string[] {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function taken(rival: File['vaults'][number], alias: string): ClientError {
  const message =
    rival.alias === alias
      ? `Another vault is called "${printable(alias)}" here already; choose another name`
      : `The vault is called "${printable(rival.alias)}" here already; use that name, or leave it first`;
  return new ClientError('conflict', message);
}

function hex(server: Uint8Array): string {
  return Buffer.from(server).toString('hex');
}
