#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

import { CodeCache } from './code-cache.js';

// eslint-disable-next-line no-undef -- The bundler puts it here: the program's name and digest.
const cache = CodeCache.of(PROGRAM, process.argv[2]);

const filename = fileURLToPath(new URL('./program.cjs', import.meta.url));
const cachedData = cache?.read();
const script = new Script(Module.wrap(readFileSync(filename, 'utf8')), { filename, cachedData });
const module = { exports: {} };
script
  .runInThisContext()
  .call(
    module.exports,
    module.exports,
    createRequire(filename),
    module,
    filename,
    dirname(filename),
  );

if (cachedData === undefined || script.cachedDataRejected) {
  // Only then: V8 has compiled what this command needs, which is a part of the program.
  process.once('exit', (code) => {
    if (code === 0) cache?.write(() => script.createCachedData());
  });
} else if (Number.parseInt(process.versions.v8) <= 13) {
  // By default, V8 optimizes what runs for some milliseconds, and few commands get that time back. What
  // Node loads of itself comes first: behind a change of flags, V8 takes none of its compiled code. A
  // later V8 may not know the flag, and would say so.
  setImmediate(() => setFlagsFromString('--interrupt-budget=1000000'));
}
