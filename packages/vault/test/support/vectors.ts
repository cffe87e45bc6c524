import { readFileSync } from 'node:fs';

import { unhex } from './bytes.js';

const folder = new URL('../../../../vectors/', import.meta.url);

/** One object of a vector file, whose fields are read by name and form. */
export class Vector {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null) throw new Error('a vector is an object');
    this.#fields = value as Record<string, unknown>;
  }

  has(field: string): boolean {
    return this.#fields[field] !== undefined;
  }

  text(field: string): string {
    const value = this.#fields[field];
    if (typeof value !== 'string') throw new Error(`the vector has no text "${field}"`);
    return value;
  }

  bytes(field: string): Uint8Array {
    return unhex(this.text(field));
  }

  number(field: string): number {
    const value = this.#fields[field];
    if (typeof value !== 'number') throw new Error(`the vector has no number "${field}"`);
    return value;
  }

  flag(field: string): boolean {
    const value = this.#fields[field];
    if (typeof value !== 'boolean') throw new Error(`the vector has no flag "${field}"`);
    return value;
  }

  list(field: string, least = 1): unknown[] {
    const value = this.#fields[field];
    if (!Array.isArray(value) || value.length < least) {
      throw new Error(`the vector has no list "${field}", or one that is too short`);
    }
    return value as unknown[];
  }

  child(field: string): Vector {
    return new Vector(this.#fields[field]);
  }

  children(field: string): Vector[] {
    return this.list(field).map((value) => new Vector(value));
  }
}

export function vectorFileText(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

/** Fails when there is no such file. */
export function vectorFile(name: string): Vector {
  const value: unknown = JSON.parse(vectorFileText(`${name}.json`));
  return new Vector(value);
}

/** With a name for each, for `test.each`; fails when there are none. */
export function named(vectors: readonly Vector[]): [string, Vector][] {
  if (vectors.length === 0) throw new Error('there are no vectors');
  return vectors.map((vector) => [vector.text('comment'), vector]);
}
