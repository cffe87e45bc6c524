import {
  Identity,
  initiateHandshake,
  respondToHandshake,
  type CryptoBackend,
  type Established,
  type Handshake,
} from '@e2eeftp/crypto';
import { nodeBackend } from '@e2eeftp/crypto/node';

import {
  ClientSession,
  ServerSession,
  type ClientEvent,
  type ServerEvent,
  type Welcome,
} from '../../src/index.js';
import { joinBytes } from './bytes.js';

export const serverIdentity = new Identity(new Uint8Array(32).fill(1), nodeBackend);
export const clientIdentity = new Identity(new Uint8Array(32).fill(2), nodeBackend);

export const welcome: Welcome = {
  protocol: 2,
  software: 'e2eeftp test',
  commands: ['GET', 'PING', 'SEND'],
  limits: { record: 1_048_576, message: 65_536, fileSize: 2 ** 40, pathLength: 3072 },
  access: 'rw',
};

const initiator = {
  backend: nodeBackend,
  identity: clientIdentity,
  acceptServer: (): boolean => true,
};
const responder = { backend: nodeBackend, identity: serverIdentity };

export function makeClient(backend: CryptoBackend = nodeBackend): ClientSession {
  return new ClientSession({ ...initiator, backend });
}

export function makeServer(backend: CryptoBackend = nodeBackend): ServerSession {
  return new ServerSession({ ...responder, backend });
}

/** The real primitives, with ephemeral keys that stay the same: what was recorded can be replayed. */
export function repeatable(): CryptoBackend {
  const x25519 = nodeBackend.x25519.generate();
  const mlKem = { ...nodeBackend.mlKem768.generate(), dispose: () => undefined };
  const encapsulations = new Map<string, ReturnType<CryptoBackend['mlKem768']['encapsulate']>>();
  return {
    ...nodeBackend,
    x25519: { ...nodeBackend.x25519, generate: () => x25519 },
    mlKem768: {
      ...nodeBackend.mlKem768,
      generate: () => mlKem,
      encapsulate(encapsulationKey) {
        const name = Buffer.from(encapsulationKey).toString('base64');
        const made = encapsulations.get(name) ?? nodeBackend.mlKem768.encapsulate(encapsulationKey);
        encapsulations.set(name, made);
        return { ...made, sharedSecret: made.sharedSecret.slice() };
      },
    },
  };
}

/** Takes all events at once. */
export function feed(session: ClientSession, bytes: readonly Uint8Array[]): ClientEvent[];
export function feed(session: ServerSession, bytes: readonly Uint8Array[]): ServerEvent[];
export function feed(
  session: ClientSession | ServerSession,
  bytes: readonly Uint8Array[],
): (ClientEvent | ServerEvent)[] {
  return [...session.receive(joinBytes(bytes))];
}

function sent(events: readonly (ClientEvent | ServerEvent)[]): Uint8Array[] {
  return events.flatMap((event) => (event.type === 'send' ? [event.bytes] : []));
}

/** Both sessions behind a real handshake, the server's welcome not yet said. */
export function connect(): { client: ClientSession; server: ServerSession } {
  const client = makeClient();
  const server = makeServer();
  const answer = sent(feed(server, [client.start()]));
  feed(server, sent(feed(client, answer)));
  return { client, server };
}

/** Both sessions as they are once the client read the welcome. */
export function connectAndWelcome(): { client: ClientSession; server: ServerSession } {
  const { client, server } = connect();
  feed(client, server.welcome(welcome));
  return { client, server };
}

/** A server's session, and a client that can seal whatever records it likes. */
export function serverBeforeRawClient(): { server: ServerSession; peer: Established } {
  const server = makeServer();
  const handshake = initiateHandshake(initiator);
  const answer = sent(feed(server, [handshake.start()]));
  const { send, peer } = establish(handshake, answer);
  feed(server, [send]);
  return { server, peer };
}

/** A client's session, and a server that can seal whatever records it likes. */
export function clientBeforeRawServer(): { client: ClientSession; peer: Established } {
  const client = makeClient();
  const handshake = respondToHandshake(responder);
  handshake.start();
  const { send } = handshake.receive(client.start());
  const { peer } = establish(handshake, sent(feed(client, [send])));
  return { client, peer };
}

function establish(
  handshake: Handshake,
  bytes: readonly Uint8Array[],
): { send: Uint8Array; peer: Established } {
  const { send, established } = handshake.receive(joinBytes(bytes));
  if (!established) throw new Error('the handshake should be finished here');
  return { send, peer: established };
}
