import { ClientError } from '../errors.js';

/**
 * @param path - what was sent
 * @returns what to say when the server has something else
 */
export function otherStored(path: string): ClientError {
  const message = `${path}: the server stored something else than was sent`;
  return new ClientError('integrity', message);
}
