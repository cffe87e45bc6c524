import { parseRelativePath, ProtocolError } from '@e2eeftp/protocol';

/**
 * @param text - anything
 * @returns whether it is one component of a path under the path rules (SPEC.md, paths)
 */
export function isComponent(text: string): boolean {
  if (text === '' || text.includes('/')) return false;
  try {
    parseRelativePath(text);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
