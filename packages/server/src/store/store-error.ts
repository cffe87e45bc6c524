/**
 * Why a store did not do what was asked.
 *
 * - `not-found`: nothing of the wanted kind is at the path.
 * - `conflict`: something is in the way, or is not what the caller expected it to be.
 * - `not-allowed`: the tree's shape forbids it, whoever asks.
 * - `malformed`: the caller did not say what is needed there, or gave bytes that cannot be there.
 * - `bad-range`: there is less of the upload than the caller would go on from.
 * - `too-large`: the file, path or folder is beyond what the store can hold.
 * - `no-space`: the disk or quota is full.
 * - `directory-full`: the folder has as many entries as one may have.
 * - `busy`: the store is at a limit that passes, such as open files.
 * - `io`: the disk failed, or holds something that the store did not put there.
 */
export type StoreErrorCode =
  | 'not-found'
  | 'conflict'
  | 'not-allowed'
  | 'malformed'
  | 'bad-range'
  | 'too-large'
  | 'no-space'
  | 'directory-full'
  | 'busy'
  | 'io';

/**
 * What a {@link Store} throws. The message is for the operator's log; peers get a status only.
 */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';
  readonly code: StoreErrorCode;

  /**
   * @param code - what failed
   * @param message - what happened, for the operator
   * @param options - the `cause`, when another error led here
   */
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
