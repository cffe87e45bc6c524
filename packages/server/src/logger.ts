/**
 * Where a server reports what it does: one structured entry a line. A `pino` logger fits as it is.
 */
export interface Logger {
  /** @param fields - facts for programs @param message - a fixed sentence for people */
  debug(fields: object, message: string): void;
  /** @param fields - facts for programs @param message - a fixed sentence for people */
  info(fields: object, message: string): void;
  /** @param fields - facts for programs @param message - a fixed sentence for people */
  warn(fields: object, message: string): void;
  /** @param fields - facts for programs @param message - a fixed sentence for people */
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

/** A logger that says nothing; the default of everything that takes one. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/**
 * @param logger - where to report
 * @param fields - facts for every entry
 * @returns a logger that adds the facts to each entry
 */
export function withFields(logger: Logger, fields: object): Logger {
  // One copy for each entry, however many have added to it.
  if (logger instanceof FieldLogger) return logger.with(fields);
  return new FieldLogger(logger, fields);
}

class FieldLogger implements Logger {
  readonly #logger: Logger;
  readonly #fields: object;

  constructor(logger: Logger, fields: object) {
    this.#logger = logger;
    this.#fields = fields;
  }

  with(fields: object): FieldLogger {
    return new FieldLogger(this.#logger, { ...this.#fields, ...fields });
  }

  debug(fields: object, message: string): void {
    this.#logger.debug({ ...this.#fields, ...fields }, message);
  }

  info(fields: object, message: string): void {
    this.#logger.info({ ...this.#fields, ...fields }, message);
  }

  warn(fields: object, message: string): void {
    this.#logger.warn({ ...this.#fields, ...fields }, message);
  }

  error(fields: object, message: string): void {
    this.#logger.error({ ...this.#fields, ...fields }, message);
  }
}
