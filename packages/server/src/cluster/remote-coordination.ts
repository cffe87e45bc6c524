import type { FolderRoom, Leasing, StoreCoordination } from '../store/coordination.js';
import type { PathLocking } from '../store/path-locks.js';
import type { Lease } from '../store/uploads/leases.js';
import { RemoteUsage, type SupervisorLink } from './remote-usage.js';

/** What a worker needs to agree with the others, by asking its supervisor. */
export class RemoteCoordination implements StoreCoordination {
  readonly locks: PathLocking;
  readonly leases: Leasing;
  readonly room: FolderRoom;
  readonly usage: RemoteUsage;
  readonly #supervisor: SupervisorLink;
  readonly #held = new Set<string>();
  readonly #revocations = new Map<number, () => void>();
  #lastNumber = 0;

  /** @param supervisor - the way to it */
  constructor(supervisor: SupervisorLink) {
    this.#supervisor = supervisor;
    this.usage = new RemoteUsage(supervisor);
    this.locks = { run: (paths, work) => this.#run(paths, work) };
    this.leases = {
      acquire: (name, onRevoke) => this.#acquire(name, onRevoke),
      isHeld: (name) => this.#held.has(name),
    };
    this.room = {
      reserve: (folder, entries) => supervisor.call('reserveEntries', { folder, entries }),
      settle: (folder, entries, added) => {
        supervisor.tell('settleEntries', { folder, entries, added });
      },
      removed: (folder) => {
        supervisor.tell('entryRemoved', { folder });
      },
      forget: (folder) => {
        supervisor.tell('folderGone', { folder });
      },
    };
  }

  /** @param lease - what somebody else wants */
  revoke(lease: number): void {
    this.#revocations.get(lease)?.();
  }

  async #run<Result>(paths: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const lock = ++this.#lastNumber;
    this.usage.clock = await this.#supervisor.call('lock', { lock, paths });
    try {
      return await work();
    } finally {
      this.#supervisor.tell('unlock', { lock });
    }
  }

  async #acquire(name: string, onRevoke: () => void): Promise<Lease> {
    const lease = ++this.#lastNumber;
    let isRevoked = false;
    this.#revocations.set(lease, () => {
      if (isRevoked) return;
      isRevoked = true;
      onRevoke();
    });
    try {
      await this.#supervisor.call('lease', { lease, name });
    } catch (error) {
      this.#revocations.delete(lease);
      throw error;
    }
    this.#held.add(name);
    return {
      get isRevoked() {
        return isRevoked;
      },
      release: () => {
        this.#held.delete(name);
        this.#revocations.delete(lease);
        this.#supervisor.tell('release', { lease });
      },
    };
  }
}
