/**
 * Why something about a vault was refused.
 *
 * What is read:
 * - `malformed`: a card, keyring, id, invitation or recovery code does not have its one form.
 * - `bad-card`: a card's signature does not hold, or nothing can be sealed to its recipient.
 * - `wrong-card`: a card belongs to somebody else than was asked for.
 * - `wrong-vault`: a keyring belongs to another vault.
 * - `wrong-origin`: a first keyring is not the first owner's, or the vault's id does not follow from it.
 * - `gap`: keyrings between the accepted one and this one are missing.
 * - `older-state`: the newest keyring that is shown is older than the accepted one.
 * - `fork`: another keyring than the accepted one stands under its number, or is continued.
 * - `wrong-signer`: who signed a keyring was no owner before it.
 * - `bad-signature`: a keyring's signature does not hold.
 * - `wrong-epoch`: an epoch fell, jumped, or did not change when somebody lost access.
 * - `wrong-oldest`: the oldest accepted epoch fell.
 * - `wrong-former`: the former writers are not those who follow from the keyring before.
 *
 * What only members can see:
 * - `not-a-member`: the keyring in force does not list this identity.
 * - `unopenable`: the keyring lists this identity, but is not sealed to it.
 * - `wrong-contents`: what is sealed belongs to another keyring or has another number of epochs.
 * - `secrets-changed`: secrets of earlier epochs are others than before.
 * - `unknown-epoch`: there is no secret of this epoch.
 *
 * What is asked for:
 * - `not-an-owner`: only an owner can make the next keyring.
 * - `already-a-member`, `unknown-member`: whom a change is about.
 * - `no-owner`: a change would leave the vault without an owner.
 * - `too-many`: a bound of FORMAT.md is reached.
 * - `bad-name`: a name cannot be that of a file, folder, person or vault.
 * - `name-too-long`: a name is longer than a vault's names may be.
 * - `name-collision`: two names are one on the local file system.
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
  | 'not-an-owner'
  | 'already-a-member'
  | 'unknown-member'
  | 'no-owner'
  | 'too-many'
  | 'bad-name'
  | 'name-too-long'
  | 'name-collision'
  | 'misuse';

/**
 * The error type of this package. Match on {@link VaultError.code}, never on the message.
 *
 * Messages carry no secret and are meant for people on this side, with names made printable.
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
