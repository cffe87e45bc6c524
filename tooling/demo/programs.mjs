// Runs the two programs as a person would type them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const mains = {
  'e2eeftp-server': fileURLToPath(new URL('apps/server/dist/main.js', root)),
  e2eeftp: fileURLToPath(new URL('apps/client/dist/main.js', root)),
};
const startTimeout = 30_000;
const commandTimeout = 300_000;

export class Programs {
  #home;
  #server;

  /** @param home the folder for everything of the client's */
  constructor(home) {
    this.#home = home;
  }

  /** Starts a server on a folder; gives its address once it listens. */
  async startServer(data) {
    const args = ['start', '--data', data, '--port', '0', '--log-format', 'json'];
    const child = this.#spawn('e2eeftp-server', args, 'pipe');
    this.#server = child;
    const signal = AbortSignal.timeout(startTimeout);
    for await (const line of createInterface({ input: child.stdout, signal })) {
      const entry = JSON.parse(line);
      if (entry.msg !== 'listening') continue;
      child.stdout.resume();
      return `${entry.host}:${entry.port}`;
    }
    throw new Error('the server did not start');
  }

  /** Stops the server, if it runs. */
  async stopServer() {
    const child = this.#server;
    if (!child || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  /** Runs a command of the server's program. */
  server(args) {
    return this.#run('e2eeftp-server', args);
  }

  /** Runs a command of the client's program. */
  client(args) {
    return this.#run('e2eeftp', args);
  }

  async #run(program, args) {
    console.log(`$ ${[program, ...args].map(quoted).join(' ')}`);
    const child = this.#spawn(program, args, 'pipe');
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    const [code] = await once(child, 'close');
    process.stdout.write(output.replaceAll(/^(?=.)/gm, '  '));
    if (code !== 0) throw new Error(`${program} ${args[0]} ended with ${code}`);
    return output;
  }

  #spawn(program, args, stdout) {
    return spawn(process.execPath, [mains[program], ...args], {
      env: { ...process.env, E2EEFTP_HOME: this.#home },
      stdio: ['ignore', stdout, 'inherit'],
      ...(args[0] === 'start' ? {} : { timeout: commandTimeout }),
    });
  }
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`;
}
