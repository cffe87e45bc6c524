import type { FolderRoom, Leasing, PathLocking, StoreCoordination } from '../store/coordination.js';
import type { Lease } from '../store/uploads/leases.js';
import type { SupervisorMethods } from './methods.js';

/** What is needed of the way to the supervisor. */
interface Supervisor {
  call(method: 'lock', args: Parameters<SupervisorMethods['lock']>[0]): Promise<void>;
  call(method: 'lease', args: Parameters<SupervisorMethods['lease']>[0]): Promise<void>;
  call(method: 'reserve', args: Parameters<SupervisorMethods['reserve']>[0]): Promise<boolean>;
  tell(method: 'settle', args: Parameters<SupervisorMethods['settle']>[0]): void;
  tell(method: 'removed' | 'forget', args: Parameters<SupervisorMethods['removed']>[0]): void;
  tell(method: 'unlock', args: Parameters<SupervisorMethods['unlock']>[0]): void;
  tell(method: 'release', args: Parameters<SupervisorMethods['release']>[0]): void;
}

/** What a worker needs to agree with the others, by asking its supervisor. */
export class RemoteCoordination implements StoreCoordination {
  readonly locks: PathLocking;
  readonly leases: Leasing;
  readonly room: FolderRoom;
  readonly #supervisor: Supervisor;
  readonly #held = new Set<string>();
  readonly #revocations = new Map<number, () => void>();
  #lastNumber = 0;

  /** @param supervisor - the way to it */
  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
    this.locks = { run: (paths, work) => this.#run(paths, work) };
    this.leases = {
      acquire: (name, onRevoke) => this.#acquire(name, onRevoke),
      isHeld: (name) => this.#held.has(name),
    };
    this.room = {
      reserve: (folder) => supervisor.call('reserve', { folder }),
      settle: (folder, isAdded) => {
        supervisor.tell('settle', { folder, isAdded });
      },
      removed: (folder) => {
        supervisor.tell('removed', { folder });
      },
      forget: (folder) => {
        supervisor.tell('forget', { folder });
      },
    };
  }

  /** @param lease - what somebody else wants */
  revoke(lease: number): void {
    this.#revocations.get(lease)?.();
  }

  async #run<Result>(paths: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const lock = ++this.#lastNumber;
    await this.#supervisor.call('lock', { lock, paths });
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
