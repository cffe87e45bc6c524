/** What this peer has against the other one, as a literal `code`. */
export class OriginalPeerError extends Error {
  /**
   * @param {string} code what went wrong, for programs
   * @param {string} message what went wrong, for people
   * @param {ErrorOptions} [options] its cause
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'OriginalPeerError';
    this.code = code;
  }
}
