import type { CborValue } from '@e2eeftp/protocol';

/**
 * @param message - the arguments of a request, or the result of an answer
 * @returns bytes of a small file that it holds itself
 */
export function contentLength(message: CborValue): number {
  if (typeof message !== 'object' || message === null || !('content' in message)) return 0;
  const { content } = message;
  return content instanceof Uint8Array ? content.length : 0;
}
