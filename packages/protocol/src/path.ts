import { ProtocolError } from './errors.js';
import { limits } from './limits.js';

declare const remotePathBrand: unique symbol;

/**
 * A path in a server's tree that obeys the path rules (SPEC.md, paths): UTF-8, separated by
 * `/`, relative to the root. The empty path is the root.
 *
 * Only {@link parsePath} makes one, so that no text from a peer reaches a store unchecked.
 */
export type RemotePath = string & { readonly [remotePathBrand]: true };

/** Names that the server keeps for itself start so, in any case: file systems may fold case. */
const reservedPrefix = '.e2eeftp';

// C0, DEL and C1; NUL is among them. A backslash separates names on other systems.
const forbiddenCharacter = /[\u0000-\u001F\u007F-\u009F\\]/u;

const encoder = new TextEncoder();

/** The root of the tree. */
export const rootPath = '' as RemotePath;

/**
 * Checks a path against the path rules.
 *
 * Refused are empty components, `.` and `..` (they lead out of the root), control characters
 * and backslashes, lone surrogates, whatever is too long or too deep, and a first component
 * that belongs to the server.
 *
 * @param text - what a peer or a person gave
 * @returns the same text as a path
 * @throws ProtocolError `bad-path`, whose message says which rule is broken
 */
export function parsePath(text: string): RemotePath {
  const path = parseRelativePath(text);
  if (path.toLowerCase().startsWith(reservedPrefix)) {
    throw badPath(`starts with ${reservedPrefix}, which the server keeps for itself`);
  }
  return path;
}

/**
 * Checks a path that is relative to some folder, such as an entry of a listing: below the root's
 * own children, no name belongs to the server.
 *
 * @param text - what a peer gave
 * @returns the same text as a path; join it with the folder's to use it
 * @throws ProtocolError `bad-path`, whose message says which rule is broken
 */
export function parseRelativePath(text: string): RemotePath {
  if (text === '') return rootPath;
  if (!text.isWellFormed()) throw badPath('is not valid Unicode');
  if (isLongerThan(text, limits.path)) {
    throw badPath(`is longer than ${limits.path} bytes`);
  }
  const components = text.split('/');
  if (components.length > limits.pathDepth) {
    throw badPath(`is more than ${limits.pathDepth} folders deep`);
  }
  for (const component of components) checkComponent(component);
  return text as RemotePath;
}

/**
 * @param path - a folder
 * @param name - one or more components below it, such as an entry of a listing
 * @returns the path of both
 * @throws ProtocolError `bad-path` when the result breaks the path rules
 */
export function joinPath(path: RemotePath, name: string): RemotePath {
  if (name === '') return path;
  return parsePath(path === '' ? name : `${path}/${name}`);
}

/**
 * @param path - any path but the root
 * @returns the folder that it is in
 */
export function parentPath(path: RemotePath): RemotePath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as RemotePath;
}

/**
 * @param path - any path
 * @returns its last component
 */
export function baseName(path: RemotePath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Orders two paths as listings are ordered: component by component, each by the bytes of its
 * UTF-8, so that what is in a folder follows the folder.
 *
 * @param a - one path
 * @param b - the other
 * @returns a negative number when `a` comes first, a positive one when `b` does, else 0
 */
export function comparePaths(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compareNames(left[index] as string, right[index] as string);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/**
 * Orders two names by the bytes of their UTF-8, which is the order of their code points.
 *
 * @param a - one name
 * @param b - the other
 * @returns a negative number when `a` comes first, a positive one when `b` does, else 0
 */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return orderOfUnit(left) - orderOfUnit(right);
  }
  return a.length - b.length;
}

/** UTF-16 puts surrogates below U+E000 to U+FFFF, UTF-8 puts what they stand for above. */
function orderOfUnit(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function checkComponent(component: string): void {
  if (component === '') throw badPath('has an empty part; it may not start, end or double a "/"');
  if (component === '.' || component === '..') throw badPath('contains "." or ".." as a part');
  if (forbiddenCharacter.test(component)) {
    throw badPath('contains a control character or a backslash');
  }
  if (isLongerThan(component, limits.pathComponent)) {
    throw badPath(`has a part of more than ${limits.pathComponent} bytes`);
  }
}

/** A UTF-16 unit takes three bytes of UTF-8 at most: only what is long has to be encoded. */
function isLongerThan(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && encoder.encode(text).length > bytes;
}

function badPath(reason: string): ProtocolError {
  return new ProtocolError('bad-path', `The remote name ${reason}`);
}
