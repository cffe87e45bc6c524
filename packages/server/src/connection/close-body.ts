import type { AnswerBody } from '../command/answer.js';
import type { Logger } from '../logger.js';

/**
 * Frees what an answer's body holds. It never fails: the answer is out by then, or lost anyway.
 *
 * @param body - the body, if there is one
 * @param logger - hears of it when that is not possible
 */
export async function closeBody(body: AnswerBody | undefined, logger: Logger): Promise<void> {
  try {
    await body?.close();
  } catch (error) {
    logger.warn({ err: error }, 'a file could not be closed');
  }
}
