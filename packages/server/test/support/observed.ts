import type {
  AnsweredCommand,
  HandshakeOutcome,
  ServerObserver,
  StoredUpload,
} from '../../src/index.js';

/** What a server has told its observer. */
export class Observed implements ServerObserver {
  opened = 0;
  closed = 0;
  readonly refusals: string[] = [];
  readonly handshakes: HandshakeOutcome[] = [];
  readonly commands: AnsweredCommand[] = [];
  readonly files: StoredUpload[] = [];

  connectionOpened(): void {
    this.opened++;
  }

  connectionClosed(): void {
    this.closed++;
  }

  connectionRefused(refusal: string): void {
    this.refusals.push(refusal);
  }

  handshakeEnded(outcome: HandshakeOutcome, milliseconds: number): void {
    if (!(milliseconds >= 0)) throw new RangeError('a handshake took no time');
    this.handshakes.push(outcome);
  }

  commandAnswered(facts: AnsweredCommand): void {
    this.commands.push(facts);
  }

  fileStored(facts: StoredUpload): void {
    this.files.push(facts);
  }
}
