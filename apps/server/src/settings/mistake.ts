import type { SettingName } from './table.js';

/** Something in what the operator has set that cannot be meant. */
export interface Mistake {
  /** Where it stands. */
  readonly source: 'argument' | 'variable' | 'file';
  /** The setting whose value is wrong, if it is that. */
  readonly setting?: SettingName | undefined;
  /** In a file: its path. */
  readonly file?: string | undefined;
  /** In a file: counted from 1. */
  readonly line?: number | undefined;
  /** What is wrong and what would be right. It can hold what was written there. */
  readonly message: string;
}

/**
 * @param mistake - what is wrong
 * @returns where and what, in one sentence
 */
export function describeMistake({ file, line, message }: Mistake): string {
  if (file === undefined) return message;
  return `${file}${line === undefined ? '' : `:${line}`}: ${message}`;
}
