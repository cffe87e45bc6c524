import { printable, type Logger } from '@e2eeftp/server';

import { describeMistake } from '../settings/mistake.js';
import { resolveSettings, type Arguments } from '../settings/resolve.js';
import { settingNames, type SettingName, type Settings } from '../settings/table.js';

/** Settings that a running server takes over. */
const changeable = [
  'log-level',
  'connections',
  'connections-per-address',
  'handshakes',
  'handshake-timeout',
  'idle-timeout',
  'progress-timeout',
  'drain',
  'request-rate',
  'failure-delays',
  'file-size',
  'directory-size',
  'open-files',
  'on-upload',
  'on-upload-url',
  'on-upload-timeout',
] as const;

/** What {@link Reloader} works with. */
export interface ReloaderOptions {
  /** The command line, which still counts more than the file. */
  readonly given: Arguments;
  /** What the server runs with. */
  readonly settings: Settings;
  /** Makes the server run with others; what cannot change is as it was. */
  readonly apply: (settings: Settings) => Promise<void>;
  readonly logger: Logger;
}

/**
 * Reads the configuration again, and has the server take over what it can while it runs. A mistake
 * leaves everything as it was.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  #settings: Settings;
  #underWay: Promise<void> = Promise.resolve();

  /** @param options - what to work with */
  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  /** @returns once it is done, one after the other; it never fails */
  reload(): Promise<void> {
    const { logger } = this.#options;
    this.#underWay = this.#underWay
      .then(() => this.#reload())
      .catch((error: unknown) => {
        logger.error({ err: error }, 'the configuration could not be read again');
      });
    return this.#underWay;
  }

  async #reload(): Promise<void> {
    const { given, logger, apply } = this.#options;
    const { settings, mistakes } = await resolveSettings(settingNames, given);
    for (const mistake of mistakes) {
      const reason = printable(describeMistake(mistake));
      logger.error({ reason }, 'the configuration has a mistake; everything stays as it was');
    }
    if (mistakes.length > 0) return;
    const differing = settingNames.filter((name) => !isSame(name, settings, this.#settings));
    const changed = differing.filter((name) => isChangeable(name));
    const others = differing.filter((name) => !isChangeable(name));
    const taken = Object.fromEntries(changeable.map((name) => [name, settings[name]]));
    this.#settings = { ...this.#settings, ...taken };
    await apply(this.#settings);
    if (others.length > 0) {
      logger.warn({ settings: others }, 'these settings have changed and need a restart');
    }
    logger.info({ changed }, 'the configuration was read again');
  }
}

function isChangeable(name: SettingName): boolean {
  return changeable.some((one) => one === name);
}

/** As text: web addresses are objects that all look the same inside. */
function isSame(name: SettingName, one: Settings, other: Settings): boolean {
  return JSON.stringify(one[name]) === JSON.stringify(other[name]);
}
