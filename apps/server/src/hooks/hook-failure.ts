/** A hook could not be told of an upload; the message is for the log. */
export class HookFailure extends Error {
  override readonly name: string = 'HookFailure';
  /** Whether it makes sense to try again. */
  readonly isPassing: boolean;

  constructor(message: string, { isPassing = true, ...options }: HookFailureOptions = {}) {
    super(message, options);
    this.isPassing = isPassing;
  }
}

interface HookFailureOptions extends ErrorOptions {
  readonly isPassing?: boolean;
}
