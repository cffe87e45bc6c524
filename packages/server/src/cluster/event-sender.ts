import type { ServerObserver } from '../observer.js';
import type { WorkerEvent } from './methods.js';

/** How long events may wait for others, in milliseconds. */
const patience = 50;

/** Events that are sent at once. */
const batchSize = 100;

/** Sends what a worker's server does to the supervisor: several events at a time, since each message costs. */
export class EventSender {
  readonly #send: (events: readonly WorkerEvent[]) => void;
  #events: WorkerEvent[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param send - sends events */
  constructor(send: (events: readonly WorkerEvent[]) => void) {
    this.#send = send;
  }

  /** For the server. */
  get observer(): ServerObserver {
    return {
      handshakeEnded: (...facts) => {
        this.#add(['handshakeEnded', ...facts]);
      },
      commandAnswered: (facts) => {
        this.#add(['commandAnswered', facts]);
      },
      fileStored: (facts) => {
        this.#add(['fileStored', facts]);
        // Somebody waits for this one, and a worker that dies takes what waits with it.
        this.flush();
      },
    };
  }

  #add(event: WorkerEvent): void {
    this.#events.push(event);
    if (this.#events.length >= batchSize) this.flush();
    else
      this.#timer ??= setTimeout(() => {
        this.flush();
      }, patience);
  }

  /** Sends what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) this.#send(events);
  }
}
