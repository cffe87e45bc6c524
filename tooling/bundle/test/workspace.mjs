import { execFile } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const bundler = fileURLToPath(new URL('../main.js', import.meta.url));

const manifest = (fields) => JSON.stringify({ version: '1.0.0', type: 'module', ...fields });

/** A workspace with a program, and with a package that it uses. */
export class Workspace {
  #folder;

  constructor(folder) {
    this.#folder = folder;
  }

  /** Each file is named from the top of the workspace. */
  static async make(files) {
    const workspace = new Workspace(await mkdtemp(join(tmpdir(), 'e2eeftp-bundle-')));
    await workspace.write({
      'apps/program/package.json': manifest({ name: '@e2eeftp/program' }),
      'packages/library/package.json': manifest({
        name: '@e2eeftp/library',
        sideEffects: false,
        exports: './dist/index.js',
      }),
      ...files,
    });
    const modules = join(workspace.#folder, 'apps/program/node_modules/@e2eeftp');
    await mkdir(modules, { recursive: true });
    await symlink(join(workspace.#folder, 'packages/library'), join(modules, 'library'));
    return workspace;
  }

  async write(files) {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.#folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }

  /** What the bundler says when it fails is in the error. */
  async bundle() {
    await run(process.execPath, [bundler], { cwd: join(this.#folder, 'apps/program') });
  }

  /** The names in the folder of the bundle. */
  names() {
    return readdir(join(this.#folder, 'apps/program/dist'));
  }

  path(name) {
    return join(this.#folder, 'apps/program/dist', name);
  }

  read(name) {
    return readFile(this.path(name), 'utf8');
  }

  /** Runs the bundle where nothing else is. */
  async runAlone() {
    const alone = join(this.#folder, 'alone');
    await mkdir(alone, { recursive: true });
    await rename(join(this.#folder, 'apps/program/dist'), join(alone, 'dist'));
    await writeFile(join(alone, 'package.json'), manifest({ name: 'alone', version: '2.0.0' }));
    return this.#start(join(alone, 'dist/main.js'), [], {});
  }

  /** Runs the bundle, and gives what it said on standard output. */
  run(args = [], { env = {}, flags = [] } = {}) {
    return this.#start(this.path('main.js'), args, env, flags);
  }

  /** Where the bundle keeps compiled code. */
  get cache() {
    return join(this.#folder, 'cache/e2eeftp');
  }

  async #start(program, args, env, flags = []) {
    const { stdout } = await run(process.execPath, [...flags, program, ...args], {
      env: { ...process.env, NODE_COMPILE_CACHE: join(this.#folder, 'cache'), ...env },
    });
    return stdout;
  }

  async remove() {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
