/**
 * Why an operation of this package failed.
 *
 * - `authentication-failed`: a tag, signature or digest does not match; the bytes were altered or belong elsewhere.
 * - `bad-key`: a key, key share or ciphertext has the wrong length or form, or leads to an all-zero secret.
 * - `bad-message`: a handshake message or record header is not what the specification allows at this point.
 * - `no-common-suite`: the peers support no cipher suite in common.
 * - `untrusted-server`: the server proved an identity that the client does not accept.
 * - `key-exhausted`: a key has protected as much as it may.
 * - `misuse`: the caller broke the contract of a function.
 * - `unreadable-key-file`: a key file is damaged, of another kind, or its passphrase is missing.
 * - `wrong-passphrase`: a key file does not open with the passphrase; another one may.
 */
export type CryptoErrorCode =
  | 'authentication-failed'
  | 'bad-key'
  | 'bad-message'
  | 'no-common-suite'
  | 'untrusted-server'
  | 'key-exhausted'
  | 'misuse'
  | 'unreadable-key-file'
  | 'wrong-passphrase';

/**
 * The one error type of this package. Match on {@link CryptoError.code}, never on the message.
 *
 * Messages carry no key material and are meant for logs and people on this side; a peer must
 * never see them, since the difference between two failures can be an oracle.
 */
export class CryptoError extends Error {
  override readonly name: string = 'CryptoError';
  readonly code: CryptoErrorCode;

  /**
   * @param code - what failed
   * @param message - what happened and what to do next
   * @param options - the `cause`, when another error led here
   */
  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
