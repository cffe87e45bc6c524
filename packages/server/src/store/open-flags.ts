import { constants } from 'node:fs';

/** Windows lacks some; it has neither such links nor FIFOs where they are used. */
const available: Partial<Record<string, number>> = { ...constants };

/** Opens a folder, never through a symbolic link in its place. */
export const folderFlags = constants.O_RDONLY | flag('O_DIRECTORY') | flag('O_NOFOLLOW');

/** Opens a file for reading, never through a symbolic link, nor waiting for a FIFO's writer. */
export const fileFlags = constants.O_RDONLY | flag('O_NOFOLLOW') | flag('O_NONBLOCK');

/** Makes a file that was not there before, for writing and reading back. */
export const newFileFlags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

/** Opens a file that is there, for writing on and reading back. */
export const writtenFileFlags = constants.O_RDWR | flag('O_NOFOLLOW');

function flag(name: string): number {
  return available[name] ?? 0;
}
