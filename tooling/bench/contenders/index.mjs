// Who is measured.
import { cp } from './cp.mjs';
import { e2eeftp, e2eeftpVault } from './e2eeftp.mjs';
import { rsync, scp, scpFast, sftp, sftpFast, tar } from './openssh.mjs';
import { plainCopy } from './plain-copy.mjs';
import { rclone, rcloneCrypt } from './rclone.mjs';
import { ssh2SftpClient } from './ssh2.mjs';

/**
 * One way to move files.
 *
 * @typedef {object} Contender
 * @property {() => string | undefined} missing why it cannot be measured here
 * @property {(folder: string, options: {link?: (port: number) => Promise<{port: number}>}) =>
 *   Promise<Session>} start starts its server in a folder of its own, behind a link
 */

/**
 * A contender whose server is running. What it puts has the name that it has here.
 *
 * @typedef {object} Session
 * @property {number[]} pids the processes of the server
 * @property {((name: string) => string)=} stored where the server keeps what was put, when it keeps
 *   it as it is
 * @property {(source: string) => Command} put sends a file or a folder
 * @property {(name: string, into: string, isTree: boolean) => Command} get gets it into a folder
 * @property {((name: string) => Command)=} list lists a folder
 * @property {(name: string) => Promise<void>} remove removes what was put
 * @property {() => Promise<void>} stop ends the server
 */

/**
 * What a person would type.
 *
 * @typedef {{command: string, args: string[], env?: Record<string, string>, input?: string}} Command
 */

/** By the names that the results have, in the order in which they take turns. */
export const contenders = {
  cp,
  'plain copy': plainCopy,
  scp,
  'scp aes128-gcm': scpFast,
  sftp,
  'sftp aes128-gcm': sftpFast,
  'rsync over ssh': rsync,
  'tar over ssh': tar,
  'ssh2-sftp-client': ssh2SftpClient,
  rclone,
  'rclone crypt': rcloneCrypt,
  e2eeftp,
  'e2eeftp vault': e2eeftpVault,
};
