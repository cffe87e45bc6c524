/**
 * What a {@link FileWriter} fails with when it is not the system that failed: `abandoned` after it
 * was given up, `no-progress` when the disk takes no more bytes and gives no reason.
 */
export class FileWriteError extends Error {
  override readonly name: string = 'FileWriteError';
  readonly code: 'abandoned' | 'no-progress';

  /**
   * @param code - what failed
   * @param message - what happened
   */
  constructor(code: 'abandoned' | 'no-progress', message: string) {
    super(message);
    this.code = code;
  }
}
