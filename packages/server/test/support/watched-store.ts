import type { RemotePath } from '@e2eeftp/protocol';

import type { Store } from '../../src/index.js';

/** A store that notes which paths it is asked for. */
export function watched(store: Store, paths: RemotePath[]): Store {
  const noting = <Result>(call: () => Result, ...asked: RemotePath[]): Result => {
    paths.push(...asked);
    return call();
  };
  return {
    locks: store.locks,
    stat: (path) => noting(() => store.stat(path), path),
    list: (path, options) => noting(() => store.list(path, options), path),
    open: (path) => noting(() => store.open(path), path),
    makeDirectory: (path, options) => noting(() => store.makeDirectory(path, options), path),
    delete: (path, options) => noting(() => store.delete(path, options), path),
    rename: (from, to, overwrite, options) =>
      noting(() => store.rename(from, to, overwrite, options), from, to),
    setMode: (path, mode) => noting(() => store.setMode(path, mode), path),
    createUpload: (options) => noting(() => store.createUpload(options), options.path),
    storeFiles: (files, options) =>
      noting(() => store.storeFiles(files, options), ...files.map(({ path }) => path)),
    readFiles: (read, limits) => noting(() => store.readFiles(read, limits), ...read),
    findUpload: (key, options) => store.findUpload(key, options),
    used: (home) => noting(() => store.used(home), home),
    close: () => store.close(),
  };
}
