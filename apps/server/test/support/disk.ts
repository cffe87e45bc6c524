import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Mounts a disk of a size at a folder, copies another one there, and becomes the program behind. */
const script =
  'mount -t tmpfs -o "size=$1" tmpfs "$2" && cp -a "$3/." "$2" && shift 3 && exec "$@"';

/** Ways to a process that may mount what no other sees, and that is gone with it. */
const namespaces = [
  ['unshare', '--mount'],
  ['unshare', '--user', '--map-root-user', '--mount'],
];

/**
 * Finds a command that starts a program with a small disk at a folder, or, where nobody lets this
 * process have one, under a limit on the size of a file.
 */
export async function smallDisk(
  size: number,
  folder: string,
  seed: string,
): Promise<{ readonly wrapper: readonly string[]; readonly isDisk: boolean }> {
  for (const namespace of namespaces) {
    const wrapper = [...namespace, 'sh', '-c', script, 'sh', `${size}`, folder, seed];
    const [command = '', ...rest] = wrapper;
    const works = await run(command, [...rest, 'true']).then(
      () => true,
      () => false,
    );
    if (works) return { wrapper, isDisk: true };
  }
  return { wrapper: ['prlimit', `--fsize=${size / 2}`], isDisk: false };
}
