import type { Logger, ServerObserver, StoredUpload } from '@e2eeftp/server';

import type { Settings } from '../settings/table.js';
import { runCommand } from './command-hook.js';
import { DeliveryQueue, type DeliveryObserver } from './delivery-queue.js';
import { HookFailure } from './hook-failure.js';
import { uploadEvent, type UploadEvent } from './upload-event.js';
import { postEvent } from './url-hook.js';

/** Which hooks there are. */
export const hookNames = ['command', 'url'] as const;
/** The name of a hook. */
export type HookName = (typeof hookNames)[number];

/** What hooks are made from. */
export type HookSettings = Pick<Settings, 'on-upload' | 'on-upload-url' | 'on-upload-timeout'>;

/** What {@link UploadHooks} works with. */
export interface UploadHooksOptions {
  /** The data directory, an absolute path. */
  readonly directory: string;
  readonly settings: HookSettings;
  readonly logger: Logger;
  /** Gives whoever hears what becomes of a hook's deliveries. */
  readonly observerOf: (hook: HookName) => DeliveryObserver | undefined;
}

const turnedOff = 'the hook was turned off';

/** Tells a program and a web server of every upload, where the operator has named them. */
export class UploadHooks implements ServerObserver {
  readonly #directory: string;
  readonly #queues: Readonly<Record<HookName, DeliveryQueue>>;
  #settings: HookSettings;

  /** @param options - what to work with */
  constructor({ directory, settings, logger, observerOf }: UploadHooksOptions) {
    this.#directory = directory;
    this.#settings = settings;
    const queue = (
      hook: HookName,
      deliver: (event: UploadEvent, signal: AbortSignal) => Promise<void>,
    ): DeliveryQueue =>
      new DeliveryQueue({
        hook,
        deliver,
        timeout: () => this.#settings['on-upload-timeout'],
        logger,
        observer: observerOf(hook),
      });
    this.#queues = {
      command: queue('command', async (event, signal) => {
        await runCommand(expectOn(this.#settings['on-upload']), event, signal);
      }),
      url: queue('url', async (event, signal) => {
        await postEvent(expectOn(this.#settings['on-upload-url']), event, signal);
      }),
    };
  }

  fileStored(upload: StoredUpload): void {
    const { 'on-upload': command, 'on-upload-url': url } = this.#settings;
    if (!command && !url) return;
    const event = uploadEvent(upload, this.#directory);
    if (command) this.#queues.command.push(event);
    if (url) this.#queues.url.push(event);
  }

  /**
   * @param hook - which
   * @returns uploads that it is still to be told of
   */
  waiting(hook: HookName): number {
    return this.#queues[hook].length;
  }

  /** @param settings - what counts from now on, also for what waits */
  configure(settings: HookSettings): void {
    this.#settings = settings;
    if (!settings['on-upload']) this.#queues.command.dropAll(turnedOff);
    if (!settings['on-upload-url']) this.#queues.url.dropAll(turnedOff);
  }

  /** @param patience - milliseconds for what is not told yet */
  async close(patience: number): Promise<void> {
    await Promise.all(hookNames.map((name) => this.#queues[name].close(patience)));
  }
}

/** What waits to be tried again may find that its hook is gone. */
function expectOn<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new HookFailure(turnedOff, { isPassing: false });
  return value;
}
