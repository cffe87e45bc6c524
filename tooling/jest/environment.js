import { setTimeout as sleep } from 'node:timers/promises';

import { TestEnvironment as NodeEnvironment } from 'jest-environment-node';

const ERROR_CLASSES = [
  'Error',
  'AggregateError',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
];

// What a test file must close itself. Pipes, timers and file requests are also Jest's own.
const OWNED_RESOURCES = [
  'FSEventWrap',
  'ProcessWrap',
  'StatWatcher',
  'TCPServerWrap',
  'TCPSocketWrap',
  'UDPWrap',
];

const RELEASE_DEADLINE_MS = 3_000;

function countResources() {
  const counts = new Map(OWNED_RESOURCES.map((type) => [type, 0]));
  for (const type of process.getActiveResourcesInfo()) {
    const count = counts.get(type);
    if (count !== undefined) counts.set(type, count + 1);
  }
  return counts;
}

/**
 * Node's environment, with two additions: an error that Node itself throws is an `instanceof` the
 * error classes that tests see, as it is outside of Jest; and a test file fails when it leaves a
 * socket, a server, a process or a watcher open.
 */
export default class Environment extends NodeEnvironment {
  async setup() {
    await super.setup();
    for (const name of ERROR_CLASSES) {
      const inner = this.global[name];
      const outer = globalThis[name];
      Object.defineProperty(inner, Symbol.hasInstance, {
        configurable: true,
        value(candidate) {
          if (Function.prototype[Symbol.hasInstance].call(this, candidate)) return true;
          return this === inner && candidate instanceof outer;
        },
      });
    }
    this.failed = false;
    this.resourcesBefore = countResources();
  }

  handleTestEvent(event) {
    if (event.name === 'test_done' && event.test.errors.length > 0) this.failed = true;
  }

  async teardown() {
    // A failed test often leaves something open; its own message is the one to show.
    const leaked = this.failed ? [] : await this.leakedResources();
    await super.teardown();
    if (leaked.length > 0) throw new Error(`the test file left open: ${leaked.join(', ')}`);
  }

  async leakedResources() {
    const deadline = Date.now() + RELEASE_DEADLINE_MS;
    for (;;) {
      const leaked = [...countResources()]
        .map(([type, count]) => [type, count - this.resourcesBefore.get(type)])
        .filter(([, surplus]) => surplus > 0);
      if (leaked.length === 0 || Date.now() > deadline) {
        return leaked.map(([type, surplus]) => `${surplus} ${type}`);
      }
      await sleep(20);
    }
  }
}
