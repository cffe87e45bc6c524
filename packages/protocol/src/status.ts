/**
 * The status codes of answers and closes, with the fixed texts that peers get. They keep the
 * meaning that they have in the first generation of the protocol and in HTTP.
 *
 * A peer never gets another text for a failure: internal messages can hold paths and other
 * facts that are none of its business.
 */
export const statusTexts = {
  200: 'OK',
  206: 'Partial content',
  226: 'Transfer complete',
  400: 'Malformed request',
  403: 'Not allowed',
  404: 'Not found',
  408: 'Idle for too long',
  409: 'Conflict',
  413: 'Too large',
  416: 'Range not satisfiable',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Shutting down',
  507: 'Out of space',
} as const;

/** A status code that the protocol defines. */
export type Status = keyof typeof statusTexts;
