import { startChild as start, type Child } from '../store/child-process.js';

/** Starts a program of `test/child/` in a process of its own and waits for its line `ready`. */
export function startChild(
  name: string,
  args: readonly string[],
  wrapper?: readonly string[],
): Promise<Child> {
  return start(`../../child/${name}`, args, wrapper);
}
