import { defaultBackend, equalBytes, type CryptoBackend } from '@e2eeftp/crypto';

import { VaultError } from '../errors.js';
import { checkFirst, checkNext } from './chain-rules.js';
import { parseKeyring, type Keyring } from './keyring.js';

/** Which keyring of a vault was accepted last; a client keeps it, and never goes back behind it. */
export interface KeyringPin {
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /** The number of the keyring. */
  readonly sequence: number;
  /** SHA-256 of its bytes, 32 bytes. */
  readonly hash: Uint8Array;
}

/** Where a chain begins for somebody who has accepted no keyring of the vault yet. */
export interface ChainOrigin {
  /** The vault's id, 16 bytes. */
  readonly vault: Uint8Array;
  /**
   * The fingerprint of who must have begun the vault: oneself for `home`, else from an invitation.
   * A server leaves it out, and so does a client that will show it to a person before it goes on.
   */
  readonly firstOwner?: string;
}

/**
 * The keyrings of one vault, checked one by one as they come: by the server before it stores them,
 * and by members, who also open what is sealed in the last (`openKeyring`).
 *
 * It starts from nothing or from a pin, and takes whichever keyring `nextSequence` names. What is
 * refused changes nothing. It cannot see that newer keyrings are withheld.
 */
export class KeyringChain {
  readonly vault: Uint8Array;
  readonly #backend: CryptoBackend;
  readonly #firstOwner: string | undefined;
  #pin: KeyringPin | undefined;
  #current: Keyring | undefined;

  private constructor(origin: ChainOrigin, pin: KeyringPin | undefined, backend: CryptoBackend) {
    this.vault = origin.vault;
    this.#firstOwner = origin.firstOwner;
    this.#pin = pin;
    this.#backend = backend;
  }

  /**
   * @param origin - which vault, and who must have begun it
   * @param backend - the primitives to use
   * @returns a chain that takes the first keyring next
   */
  static begin(origin: ChainOrigin, backend: CryptoBackend = defaultBackend): KeyringChain {
    return new KeyringChain(origin, undefined, backend);
  }

  /**
   * @param pin - what was accepted last
   * @param backend - the primitives to use
   * @returns a chain that takes the pinned keyring next, from wherever it was kept
   */
  static resume(pin: KeyringPin, backend: CryptoBackend = defaultBackend): KeyringChain {
    return new KeyringChain(pin, pin, backend);
  }

  /** The number of the keyring to give to {@link KeyringChain.accept} next. */
  get nextSequence(): number {
    if (!this.#pin) return 1;
    return this.#current ? this.#pin.sequence + 1 : this.#pin.sequence;
  }

  /**
   * The last keyring that was accepted.
   *
   * @throws VaultError `misuse` before there is one
   */
  get current(): Keyring {
    if (this.#current) return this.#current;
    throw new VaultError('misuse', 'No keyring was accepted yet; give the chain the next one');
  }

  /**
   * What to keep, so that no older state is accepted later.
   *
   * @throws VaultError `misuse` before a keyring was accepted
   */
  get pin(): KeyringPin {
    if (this.#pin) return this.#pin;
    throw new VaultError('misuse', 'No keyring was accepted yet; give the chain the next one');
  }

  /**
   * Takes the next keyring, or the last one once more.
   *
   * @param bytes - what is stored under its number
   * @returns the keyring, now the current one
   * @throws VaultError `malformed`, `wrong-vault`, `gap`, `older-state`, `fork`, `wrong-origin`,
   *   `wrong-signer`, `bad-signature`, `wrong-epoch`, `wrong-oldest`, `wrong-former`, `bad-card`
   */
  accept(bytes: Uint8Array): Keyring {
    const keyring = parseKeyring(bytes);
    if (!equalBytes(keyring.vault, this.vault)) {
      throw new VaultError(
        'wrong-vault',
        'The keyring belongs to another vault: the server mixed two vaults up; do not use this one until the server is mended',
      );
    }
    const hash = this.#backend.sha256(bytes);
    if (!this.#isAgain(keyring.sequence, hash)) {
      if (this.#current) this.#checkNext(this.#current, keyring);
      else checkFirst(keyring, this.#firstOwner, this.#backend);
    }
    this.#current = keyring;
    this.#pin = { vault: this.vault, sequence: keyring.sequence, hash };
    return keyring;
  }

  /**
   * Compares what was accepted with the highest number that a server lists: call it when everything
   * that is listed was taken.
   *
   * @param highest - that number; 0 when it lists none
   * @throws VaultError `older-state` when the server shows less than was there before, `gap` when
   *   it lists keyrings that it did not give
   */
  requireNewest(highest: number): void {
    const accepted = this.#pin?.sequence ?? 0;
    if (highest < accepted) throw olderState(highest, accepted);
    if (highest >= this.nextSequence) throw gap(this.nextSequence, highest);
  }

  /** Says whether it is the accepted keyring itself; refuses whatever is out of order. */
  #isAgain(sequence: number, hash: Uint8Array): boolean {
    if (this.#pin?.sequence === sequence) {
      if (equalBytes(this.#pin.hash, hash)) return true;
      throw fork(sequence);
    }
    if (sequence > this.nextSequence) throw gap(this.nextSequence, sequence);
    if (this.#pin && sequence < this.#pin.sequence) throw olderState(sequence, this.#pin.sequence);
    return false;
  }

  #checkNext(current: Keyring, keyring: Keyring): void {
    if (!equalBytes(keyring.previous, this.pin.hash)) throw fork(keyring.sequence - 1);
    checkNext(current, keyring, this.#backend);
  }
}

function gap(missing: number, shown: number): VaultError {
  return new VaultError(
    'gap',
    `The keyring ${missing} must come before the keyring ${shown}; fetch it, and if the server does not have it, do not trust what it shows`,
  );
}

function fork(sequence: number): VaultError {
  return new VaultError(
    'fork',
    `Another keyring ${sequence} exists than the one that was accepted: the server, with an owner of that time, shows members different vaults; stop, and compare with the other members`,
  );
}

function olderState(shown: number, accepted: number): VaultError {
  return new VaultError(
    'older-state',
    `The server shows the keyring ${shown}, but ${accepted} was accepted before: it was set back to an older state, from a backup or on purpose; ask its operator`,
  );
}
