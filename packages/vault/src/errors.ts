/**
 * Why something about a vault was refused.
 *
 * Members and keyrings:
 * - `malformed`: a card, keyring, id, invitation, recovery code or the header of a file does not have its one form.
 * - `bad-card`: a card's signature does not hold, or nothing can be sealed to its recipient.
 * - `wrong-card`: a card belongs to somebody else than was asked for.
 * - `wrong-vault`: a keyring belongs to another vault.
 * - `wrong-origin`: a first keyring is not the first owner's, or the vault's id does not follow from it.
 * - `gap`: keyrings between the accepted one and this one are missing.
 * - `older-state`: the newest keyring that is shown is older than the accepted one.
 * - `fork`: another keyring than the accepted one stands under its number, or is continued.
 * - `wrong-signer`: who signed a keyring was no owner before it.
 * - `bad-signature`: whom a keyring or a file names did not sign it as it is.
 * - `wrong-epoch`: an epoch fell, jumped, or did not change when somebody lost access.
 * - `wrong-oldest`: the oldest accepted epoch fell.
 * - `wrong-former`: the former writers are not those who follow from the keyring before.
 *
 * What only members can see:
 * - `not-a-member`: the keyring in force does not list this identity.
 * - `unopenable`: what a keyring holds for its members is not sealed to this identity.
 * - `wrong-contents`: what is sealed belongs to another keyring or has another number of epochs.
 * - `secrets-changed`: secrets of earlier epochs are others than before.
 * - `unknown-epoch`: there is no secret of this epoch; a newer keyring may have it.
 *
 * Stored files:
 * - `not-this-place`: the file key does not open here: the file belongs under another entry, in another vault or epoch.
 * - `header-altered`: the header was changed after it was written.
 * - `metadata-invalid`: whoever wrote the file wrote metadata that no file can have.
 * - `too-old`: the vault was rekeyed since, and files of that epoch do not count any more.
 * - `size-impossible`: no file has this stored length.
 * - `truncated`: the file stops before its end.
 * - `extended`: something follows the file's end.
 * - `chunk-altered`: a chunk was changed, moved, cut, or comes from another file.
 * - `sender-not-writer`: the file names a sender who was no writer in its epoch.
 *
 * Uploads that were interrupted:
 * - `source-changed`: what is uploaded is not what it was when the upload began.
 * - `journal-damaged`: the journal of an upload cannot be read.
 * - `journal-insufficient`: the journal does not tell enough to resume safely.
 * - `epoch-changed`: the vault began a new epoch since the upload began.
 *
 * What is asked for:
 * - `not-a-writer`: only owners and writers can put files into a vault.
 * - `not-an-owner`: only an owner can make the next keyring.
 * - `already-a-member`, `unknown-member`: whom a change is about.
 * - `no-owner`: a change would leave the vault without an owner.
 * - `too-many`: a bound of FORMAT.md is reached.
 * - `bad-name`: a name cannot be that of a file, folder, person or vault.
 * - `name-too-long`: a name is longer than a vault's names may be.
 * - `misuse`: the caller broke the contract of a function.
 */
export type VaultErrorCode =
  | 'malformed'
  | 'bad-card'
  | 'wrong-card'
  | 'wrong-vault'
  | 'wrong-origin'
  | 'gap'
  | 'older-state'
  | 'fork'
  | 'wrong-signer'
  | 'bad-signature'
  | 'wrong-epoch'
  | 'wrong-oldest'
  | 'wrong-former'
  | 'not-a-member'
  | 'unopenable'
  | 'wrong-contents'
  | 'secrets-changed'
  | 'unknown-epoch'
  | 'not-this-place'
  | 'header-altered'
  | 'metadata-invalid'
  | 'too-old'
  | 'size-impossible'
  | 'truncated'
  | 'extended'
  | 'chunk-altered'
  | 'sender-not-writer'
  | 'source-changed'
  | 'journal-damaged'
  | 'journal-insufficient'
  | 'epoch-changed'
  | 'not-a-writer'
  | 'not-an-owner'
  | 'already-a-member'
  | 'unknown-member'
  | 'no-owner'
  | 'too-many'
  | 'bad-name'
  | 'name-too-long'
  | 'misuse';

/**
 * The error type of this package. Match on {@link VaultError.code}, never on the message.
 *
 * Messages carry no key and no content, and are meant for people on this side, with names made printable.
 */
export class VaultError extends Error {
  override readonly name: string = 'VaultError';
  readonly code: VaultErrorCode;

  /**
   * @param code - what failed
   * @param message - what happened and what to do next
   * @param options - the `cause`, when another error led here
   */
  constructor(code: VaultErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
