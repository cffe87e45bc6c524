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
  return {
    debug: (more, message) => {
      logger.debug({ ...fields, ...more }, message);
    },
    info: (more, message) => {
      logger.info({ ...fields, ...more }, message);
    },
    warn: (more, message) => {
      logger.warn({ ...fields, ...more }, message);
    },
    error: (more, message) => {
      logger.error({ ...fields, ...more }, message);
    },
  };
}
