interface Followers {
  readonly listeners: Set<() => void>;
  readonly tellAll: () => void;
}

const followed = new WeakMap<AbortSignal, Followers>();

/**
 * Listens to a signal that a thousand operations may share: however many follow it, it has one
 * listener, and none once nobody follows it. Node takes more than ten for a leak, and warns.
 *
 * @param signal - the caller's signal, which has not spoken yet
 * @param listener - hears once when it does; it must not throw
 * @returns what ends the following
 */
export function followSignal(signal: AbortSignal, listener: () => void): () => void {
  const { listeners, tellAll } = followersOf(signal);
  if (listeners.size === 0) signal.addEventListener('abort', tellAll, { once: true });
  listeners.add(listener);
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) {
      signal.removeEventListener('abort', tellAll);
    }
  };
}

function followersOf(signal: AbortSignal): Followers {
  const known = followed.get(signal);
  if (known) return known;
  const listeners = new Set<() => void>();
  const followers = {
    listeners,
    tellAll: () => {
      for (const listener of listeners) listener();
    },
  };
  followed.set(signal, followers);
  return followers;
}
