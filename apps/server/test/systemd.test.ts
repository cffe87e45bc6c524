import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { Playground } from './support/program.js';

function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

const analyzes = isThere('systemd-analyze');
const notifies = isThere('systemd-notify') && isThere('python3');

test(`the units ${analyzes ? 'are good, as systemd-analyze verify says' : 'are NOT verified: systemd-analyze is not on this machine'}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'e2eeftp-units-'));
  try {
    const units = ['e2eeftp-server.service', 'e2eeftp-server.socket'];
    for (const unit of units) {
      const deployed = fileURLToPath(new URL(`../deploy/${unit}`, import.meta.url));
      await copyFile(deployed, join(folder, unit));
    }
    const paths = units.map((unit) => join(folder, unit));
    const { status, stdout, stderr, error } = spawnSync('systemd-analyze', ['verify', ...paths], {
      encoding: 'utf8',
    });
    if (!analyzes) expect(error).toMatchObject({ code: 'ENOENT' });
    else expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Prints each datagram that comes to a socket; Node has no such sockets. */
const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    for line in s.recv(4096).decode().splitlines():
        print(line, flush=True)
`;

test(`systemd ${notifies ? 'hears at its datagram socket, through systemd-notify,' : 'is NOT told anything, for want of systemd-notify or python3,'} that clients are served and that the end begins`, async () => {
  const playground = await Playground.make();
  const path = join(playground.data, 'notify');
  if (!notifies) {
    const server = await playground.start([], { env: { NOTIFY_SOCKET: path } });
    await server.until(/systemd could not be told/u);
    await playground.remove();
    return;
  }
  const python = spawn('python3', ['-c', listener, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  python.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(heard)) await once(python.stdout, 'data');
  };
  try {
    await until(/bound/u);
    const server = await playground.start([], { env: { NOTIFY_SOCKET: path } });
    await until(/READY=1/u);
    expect(heard).not.toContain('STOPPING=1');
    expect(await server.end()).toMatchObject({ exitCode: 0, stderr: '' });
    await until(/STOPPING=1/u);
    expect(server.output).not.toContain('systemd could not be told');
  } finally {
    python.kill('SIGKILL');
    await playground.remove();
  }
});
