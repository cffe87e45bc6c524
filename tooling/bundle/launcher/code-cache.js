import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { cachedDataVersionTag } from 'node:v8';

/** Bytes of the SHA-256 in front of the code. */
const DIGEST = 32;

/** Milliseconds after which the code of another version may go: a day, for who uses two by turns. */
const KEPT = 24 * 60 * 60 * 1000;

const COMMAND = /^[a-z][a-z0-9-]{0,31}$/;

const { env, platform, pid } = process;

/**
 * What V8 has compiled of a program, kept between two runs of it, so that it starts without compiling
 * that again. Each command has a file of its own, made by the first run that succeeds.
 *
 * What cannot be read or written is only slower: no error leaves this class.
 *
 * The code is run as it is read, so nobody else may have written it: in a place that others can
 * write to, another user of the machine could leave code for this one to run.
 */
export class CodeCache {
  #folder;
  #program;
  #build;
  #command;
  #tag = cachedDataVersionTag();

  constructor(folder, { program, build, command }) {
    this.#folder = folder;
    this.#program = `${program}-`;
    this.#build = `${program}-${build}-`;
    this.#command = command;
  }

  /**
   * @param {{program: string, build: string}} which what the program is called, and what is different
   *   for each version of it
   * @param {string | undefined} command the first word of the command line
   * @returns {CodeCache | undefined} nothing when there is to be none
   */
  static of(which, command = '') {
    const folder = folderOfUser();
    if (folder === undefined) return undefined;
    return new CodeCache(folder, { ...which, command: COMMAND.test(command) ? command : 'other' });
  }

  /** @returns {Buffer | undefined} the code, when there is some, and it is this user's and whole */
  read() {
    let file;
    try {
      if (!isOwn(lstatSync(this.#folder))) return undefined;
      file = openSync(this.#path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
      if (!isOwn(fstatSync(file))) return undefined;
      return unsealed(readFileSync(file));
    } catch {
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** @param {() => Buffer} create makes the code */
  write(create) {
    // With other flags than this run began with, V8 would refuse the code.
    if (cachedDataVersionTag() !== this.#tag) return;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      if (!isOwn(lstatSync(this.#folder))) return;
      this.#replace(create());
      this.#removeOld();
    } catch {
      // The next run compiles once more.
    }
  }

  #replace(code) {
    const temporary = `${this.#path}.${pid}.tmp`;
    try {
      writeFileSync(temporary, Buffer.concat([digestOf(code), code]), { flag: 'wx', mode: 0o600 });
      renameSync(temporary, this.#path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  get #path() {
    return join(this.#folder, `${this.#build}${this.#command}-${this.#tag.toString(16)}`);
  }

  #removeOld() {
    const oldest = Date.now() - KEPT;
    for (const name of readdirSync(this.#folder)) {
      if (!name.startsWith(this.#program) || name.startsWith(this.#build)) continue;
      const path = join(this.#folder, name);
      if (lstatSync(path).mtimeMs < oldest) rmSync(path, { force: true });
    }
  }
}

/** With the variables that Node has for its own cache. */
function folderOfUser() {
  if (env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  try {
    return join(env.NODE_COMPILE_CACHE || cachesOfUser(), 'e2eeftp');
  } catch {
    return undefined; // Nobody's home: a user whom the system does not know.
  }
}

function cachesOfUser() {
  if (platform === 'win32' && env.LOCALAPPDATA) return env.LOCALAPPDATA;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return env.XDG_CACHE_HOME || join(homedir(), '.cache');
}

/** Windows keeps what is in a user's folder from the others by itself. */
function isOwn({ uid, mode }) {
  return platform === 'win32' || (uid === process.geteuid() && (mode & 0o022) === 0);
}

const digestOf = (code) => createHash('sha256').update(code).digest();

/** A disk may have lost a part of it, and V8 would run what is left. */
function unsealed(file) {
  const code = file.subarray(DIGEST);
  return digestOf(code).equals(file.subarray(0, DIGEST)) ? code : undefined;
}
