/**
 * Why a stored file could not be read, or not be written on.
 *
 * - `header-malformed`: the bytes do not begin with the header of a vault file.
 * - `not-this-place`: the file key does not open here: the file belongs under another entry, in another vault or epoch.
 * - `header-altered`: the header was changed after it was written.
 * - `metadata-invalid`: whoever wrote the file wrote metadata that no file can have.
 * - `epoch-unknown`: the reader has no key of the file's epoch.
 * - `epoch-too-old`: the vault was rekeyed since, and files of that epoch do not count any more.
 * - `size-impossible`: no file has this stored length.
 * - `truncated`: the file stops before its end.
 * - `extended`: something follows the file's end.
 * - `chunk-altered`: a chunk was changed, moved, cut, or comes from another file.
 * - `sender-not-writer`: the file names a sender who was no writer in its epoch.
 * - `signature-wrong`: the sender did not sign this content at this place.
 * - `source-changed`: what is uploaded is not what it was when the upload began.
 * - `journal-damaged`: the journal of an upload cannot be read.
 * - `journal-insufficient`: the journal does not tell enough to resume safely.
 * - `epoch-changed`: the vault began a new epoch since the upload began.
 * - `misuse`: the caller broke the contract of a function.
 */
export type VaultFileErrorCode =
  | 'header-malformed'
  | 'not-this-place'
  | 'header-altered'
  | 'metadata-invalid'
  | 'epoch-unknown'
  | 'epoch-too-old'
  | 'size-impossible'
  | 'truncated'
  | 'extended'
  | 'chunk-altered'
  | 'sender-not-writer'
  | 'signature-wrong'
  | 'source-changed'
  | 'journal-damaged'
  | 'journal-insufficient'
  | 'epoch-changed'
  | 'misuse';

/**
 * A stored file is not what it must be, or an upload cannot go on. Match on
 * {@link VaultFileError.code}, never on the message.
 *
 * Messages name no key, no content and no file name; they are meant for the person who asked for
 * the file.
 */
export class VaultFileError extends Error {
  override readonly name: string = 'VaultFileError';
  readonly code: VaultFileErrorCode;

  /**
   * @param code - what is wrong
   * @param message - what happened and what to do next
   * @param options - the `cause`, when another error led here
   */
  constructor(code: VaultFileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Refuses a value of the wrong length before anything is computed with it.
 *
 * @param what - the name of the value, for the message
 * @param value - the bytes
 * @param length - how many there must be
 * @throws VaultFileError `misuse`
 */
export function expectLength(what: string, value: Uint8Array, length: number): void {
  if (value.length !== length) {
    throw new VaultFileError('misuse', `${what} must be ${length} bytes, not ${value.length}`);
  }
}
