import { afterEach, beforeEach } from '@jest/globals';

import { Fixture, type Setting } from './fixture.js';
import type { Peer } from './peer.js';

/** A server, and a client that it lets in. */
export interface Served {
  readonly fixture: Fixture;
  readonly peer: Peer;
}

/** A server that has a file, and a client that it lets in. */
export interface ServedFile extends Served {
  /** The file's. */
  readonly etag: string;
}

/** What is in `received/f` of {@link serveFileEach}: longer than a record, and unlike in each place. */
export const content = Buffer.from(
  Uint8Array.from({ length: 1_500_000 }, (_, index) => (index * 31) % 251),
);

/** Gives each test around a server of its own, which is closed behind it. */
export function serveEach(setting: Setting, take: (served: Served) => void): void {
  useFixtures(setting, async (fixture) => {
    take({ fixture, peer: await fixture.connect() });
  });
}

/** Does what {@link serveEach} does, with a file on the server. */
export function serveFileEach(setting: Setting, take: (served: ServedFile) => void): void {
  useFixtures(setting, async (fixture) => {
    const peer = await fixture.connect();
    const { result } = await peer.send('received/f', content);
    take({ fixture, peer, etag: (result as { etag: string }).etag });
  });
}

function useFixtures(setting: Setting, prepare: (fixture: Fixture) => Promise<void>): void {
  let fixture: Fixture | undefined;
  beforeEach(async () => {
    fixture = await Fixture.start(setting);
    await prepare(fixture);
  });
  afterEach(async () => {
    await fixture?.close();
    fixture = undefined;
  });
}
