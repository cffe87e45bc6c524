/** Something that was looked at. */
export interface Finding {
  /** `wrong` keeps the server from working as it should; a `warning` may be meant so. */
  readonly verdict: 'ok' | 'warning' | 'wrong';
  /** What was looked at. */
  readonly subject: string;
  /** What was found, and what to do about it. */
  readonly message: string;
  /** Where it stands, if it stands in a line of a file. */
  readonly file?: string | undefined;
  /** Counted from 1. */
  readonly line?: number | undefined;
}

/**
 * @param subject - what was looked at
 * @returns what makes findings about it
 */
export function findingsAbout(
  subject: string,
): Readonly<Record<Finding['verdict'], (message: string) => Finding>> {
  return {
    ok: (message) => ({ verdict: 'ok', subject, message }),
    warning: (message) => ({ verdict: 'warning', subject, message }),
    wrong: (message) => ({ verdict: 'wrong', subject, message }),
  };
}

/**
 * @param error - what was caught
 * @returns the system's code for it, such as `EACCES`, else its message
 */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
