declare module 'bcrypt-pbkdf' {
  const bcryptPbkdf: {
    /** Fills `key`; returns a number other than 0 when a parameter is out of range. */
    pbkdf(
      passphrase: Uint8Array,
      passphraseLength: number,
      salt: Uint8Array,
      saltLength: number,
      key: Uint8Array,
      keyLength: number,
      rounds: number,
    ): number;
  };
  export default bcryptPbkdf;
}
