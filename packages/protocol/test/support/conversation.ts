import type { CryptoBackend } from '@e2eeftp/crypto';

import type { ClientEvent, ClientSession, ServerEvent, ServerSession } from '../../src/index.js';
import { joinBytes, toHex } from './bytes.js';
import { makeClient, makeServer, repeatable, welcome } from './peers.js';

/** An event without what may differ between two splits of a stream: how a body's bytes are cut. */
export type Summary = Readonly<Record<string, unknown>> & { readonly type: string };

export function summarize(event: ClientEvent | ServerEvent): Summary {
  switch (event.type) {
    case 'send':
      return { type: 'send', bytes: toHex(event.bytes) };
    case 'established': {
      const { peerIdentity, suite, channelBinding } = event.facts;
      return {
        type: 'established',
        suite,
        peerIdentity: toHex(peerIdentity),
        binding: toHex(channelBinding),
      };
    }
    case 'data':
      return { type: 'data', bytes: toHex(event.bytes), length: event.bytes.length };
    default:
      return structuredClone(event);
  }
}

/** A whole connection: each side's bytes, and what the other side's session told about them. */
export interface Conversation {
  readonly backends: { readonly client: CryptoBackend; readonly server: CryptoBackend };
  readonly fromClient: Uint8Array;
  readonly fromServer: Uint8Array;
  readonly atClient: readonly Summary[];
  readonly atServer: readonly Summary[];
}

const encoder = new TextEncoder();
const digest = new Uint8Array(32).fill(9);

/** Sends what a client of this conversation sends once it is welcome. */
function askAll(client: ClientSession): Uint8Array[] {
  return [
    ...client.request({ command: 'PING', args: {}, body: false }),
    ...client.request({ command: 'SEND', args: { path: 'received/a' }, body: true }),
    ...client.data([encoder.encode('first '), encoder.encode('part, ')]),
    ...client.data([]),
    ...client.data([encoder.encode('second part')]),
    ...client.end({ ok: true, size: 23, sha256: digest }),
    ...client.request({ command: 'SEND', args: { path: 'received/b' }, body: true }),
    ...client.data([encoder.encode('never finished')]),
    ...client.end({ ok: false, text: 'The file changed' }),
    ...client.request({ command: 'GET', args: { path: 'received/a', offset: 2 }, body: false }),
    ...client.request({ command: 'SEND', args: { path: 'received/c' }, body: true }),
    ...client.end({ ok: true, size: 0 }),
    ...client.close(),
  ];
}

function answerAll(server: ServerSession): Uint8Array[] {
  const stored = { size: 23, mtime: 0, etag: 'e' };
  return [
    ...server.respond({ status: 200, text: 'OK', result: null, body: false }),
    ...server.respond({ status: 226, text: 'Transfer complete', result: stored, body: false }),
    ...server.respond({ status: 409, text: 'Conflict', result: null, body: false }),
    ...server.respond({ status: 206, text: 'Partial content', result: { ...stored }, body: true }),
    ...server.data([encoder.encode('rst part, '), encoder.encode('second part')]),
    ...server.end({ ok: true, size: 21 }),
    ...server.respond({ status: 226, text: 'Transfer complete', result: null, body: false }),
    ...server.close({ status: 200, text: 'Bye' }),
  ];
}

/** Runs the conversation once, with keys that let it be replayed to new sessions. */
export function converse(): Conversation {
  const backends = { client: repeatable(), server: repeatable() };
  const client = makeClient(backends.client);
  const server = makeServer(backends.server);
  const fromClient: Uint8Array[] = [client.start()];
  const fromServer: Uint8Array[] = [];
  const atClient: Summary[] = [];
  const atServer: Summary[] = [];
  let [read, written] = [0, 0];
  while (fromClient.length > read || fromServer.length > written) {
    const forServer = joinBytes(fromClient.slice(read));
    read = fromClient.length;
    for (const event of server.receive(forServer)) {
      atServer.push(summarize(event));
      if (event.type === 'send') fromServer.push(event.bytes);
      if (event.type === 'established') fromServer.push(...server.welcome(welcome));
      if (event.type === 'close') fromServer.push(...answerAll(server));
    }
    const forClient = joinBytes(fromServer.slice(written));
    written = fromServer.length;
    for (const event of client.receive(forClient)) {
      atClient.push(summarize(event));
      if (event.type === 'send') fromClient.push(event.bytes);
      if (event.type === 'welcome') fromClient.push(...askAll(client));
    }
  }
  client.finish();
  server.finish();
  return {
    backends,
    fromClient: joinBytes(fromClient),
    fromServer: joinBytes(fromServer),
    atClient,
    atServer,
  };
}

/** What a replay came to: the events, and with what it ended. */
export interface Outcome {
  readonly events: readonly Summary[];
  /** `undefined` when the stream ended as it should. */
  readonly failure: unknown;
}

/** Feeds pieces of the server's bytes to a new client, which asks the same as the recorded one. */
export function replayToClient(
  conversation: Conversation,
  pieces: readonly Uint8Array[],
  afterPiece?: (client: ClientSession) => void,
): Outcome {
  const client = makeClient(conversation.backends.client);
  client.start();
  return replay(client, pieces, afterPiece, (event) => {
    if (event.type === 'welcome') askAll(client);
  });
}

/** Feeds pieces of the client's bytes to a new server. */
export function replayToServer(
  conversation: Conversation,
  pieces: readonly Uint8Array[],
  afterPiece?: (server: ServerSession) => void,
): Outcome {
  return replay(makeServer(conversation.backends.server), pieces, afterPiece, () => undefined);
}

interface Receiver<Event extends ClientEvent | ServerEvent> {
  receive(chunk: Uint8Array): Iterable<Event>;
  finish(): void;
}

function replay<Event extends ClientEvent | ServerEvent, Session extends Receiver<Event>>(
  session: Session & Receiver<Event>,
  pieces: readonly Uint8Array[],
  afterPiece: ((session: Session) => void) | undefined,
  onEvent: (event: Event) => void,
): Outcome {
  const events: Summary[] = [];
  try {
    for (const piece of pieces) {
      for (const event of session.receive(piece)) {
        events.push(summarize(event));
        onEvent(event);
      }
      afterPiece?.(session);
    }
    session.finish();
  } catch (failure) {
    return { events, failure };
  }
  return { events, failure: undefined };
}

/** The bytes of the handshake in each direction; what lies behind is records. */
export const handshakeLength = {
  fromClient: 6 + 2 + 2 + 32 + 1184 + (4 + 97 + 16),
  fromServer: 2 + 2 + 32 + 1088 + (4 + 96 + 16),
} as const;
