import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Mounts a disk of a size at a folder, copies something there, and becomes the program behind. */
const script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && cp -a "$3" "$2" && shift 3 && exec "$@"';

/** Ways to a process that may mount what no other sees, and that is gone with it. */
const namespaces = [
  ['unshare', '--mount'],
  ['unshare', '--user', '--map-root-user', '--mount'],
];

/**
 * Finds a command that starts a program with a small disk of its own at a folder, which no other
 * program sees.
 *
 * @param size - bytes that the disk has
 * @param folder - where it is to be
 * @param seed - a file that is to be on it; or a folder, with `/.` behind its name for what is in it
 * @returns the command; nothing where this process has no right to such a disk
 */
export async function smallDisk(
  size: number,
  folder: string,
  seed: string,
): Promise<readonly string[] | undefined> {
  for (const namespace of namespaces) {
    const wrapper = [...namespace, 'sh', '-c', script, 'sh', `${size}`, folder, seed];
    const [command = '', ...rest] = wrapper;
    const works = await run(command, [...rest, 'true']).then(
      () => true,
      () => false,
    );
    if (works) return wrapper;
  }
  return undefined;
}
