import { describe, expect, test } from '@jest/globals';

import {
  concatBytes,
  Identity,
  initiateHandshake,
  respondToHandshake,
  type CryptoErrorCode,
  type Suite,
} from '../src/index.js';
import { nodeBackend } from '../src/backends/node/index.js';
import { encodeClientHello } from '../src/handshake/hello.js';
import { backends } from './support/backends.js';
import { hex, unhex } from './support/bytes.js';
import { bothEstablished, converse } from './support/conversation.js';
import { errorOf, expectCode } from './support/errors.js';
import {
  clientLabel,
  handMadeClient,
  handMadeServer,
  proof,
  serverLabel,
} from './support/hand-made-peers.js';
import { clientSeed, makeClient, makeServer, serverSeed } from './support/parties.js';
import { namedVectors } from './support/vectors.js';

/** Feeds bytes to a server that has heard nothing yet, and says how it ended. */
function serverVerdict(bytes: Uint8Array, backend = nodeBackend): CryptoErrorCode | undefined {
  const server = makeServer(backend);
  server.start();
  return errorOf(() => server.receive(bytes))?.code;
}

/** An honest hello with a change. */
function helloWith(change: (hello: Uint8Array) => void): Uint8Array {
  const hello = Uint8Array.from(makeClient(nodeBackend).start());
  change(hello);
  return hello;
}

describe('a server refuses', () => {
  test('another magic, at the sixth byte', () => {
    for (const first of ['00000080', '53534800', '47455420', '65326674'.replace('74', '75')]) {
      expect(serverVerdict(unhex(`${first}04c4`))).toBe('bad-message');
      expect(serverVerdict(unhex(first))).toBeUndefined();
    }
  });

  test('a length that no hello has, before a byte of the body came', () => {
    for (const length of [0, 1, 2, 1217, 1218, 1474, 2000, 65_535]) {
      const prefix = Uint8Array.of(0x65, 0x32, 0x66, 0x74, length >>> 8, length & 0xff);
      expect(serverVerdict(prefix)).toBe('bad-message');
    }
    for (const length of [1219, 1220, 1473]) {
      const prefix = Uint8Array.of(0x65, 0x32, 0x66, 0x74, length >>> 8, length & 0xff);
      expect(serverVerdict(prefix)).toBeUndefined();
    }
  });

  test.each([0, 1, 3, 255])('version %d', (version) => {
    expect(serverVerdict(helloWith((hello) => (hello[6] = version)))).toBe('bad-message');
  });

  test.each([0, 1, 3, 255])('a count of %d suites where there are two', (count) => {
    expect(serverVerdict(helloWith((hello) => (hello[7] = count)))).toBe('bad-message');
  });

  test('a hello without a suite in common', () => {
    const unknown = makeClient(nodeBackend, [3, 4, 255] as unknown as Suite[]).start();
    expect(serverVerdict(unknown)).toBe('no-common-suite');
    const server = makeServer(nodeBackend, [1]);
    server.start();
    expectCode('no-common-suite', () => server.receive(makeClient(nodeBackend, [2]).start()));
  });

  describe.each(backends)('on %s', (_name, backend) => {
    test.each(namedVectors('x25519-refused'))(
      'an X25519 share of small order, %s',
      (_u, vector) => {
        const hello = helloWith((bytes) => bytes.set(vector.bytes('publicKey'), 10));
        expect(serverVerdict(hello, backend)).toBe('bad-key');
      },
    );

    test('an ML-KEM key that is not reduced', () => {
      const hello = helloWith((bytes) => bytes.set([0xff, 0xff, 0xff], 42));
      expect(serverVerdict(hello, backend)).toBe('bad-key');
      expect(
        serverVerdict(
          helloWith((bytes) => bytes.fill(0xff, 42)),
          backend,
        ),
      ).toBe('bad-key');
    });
  });

  test('its own messages, sent back to it', () => {
    const server = makeServer(nodeBackend);
    server.start();
    const flight = server.receive(makeClient(nodeBackend).start()).send;
    expect(serverVerdict(flight)).toBe('bad-message');
    expectCode('authentication-failed', () => {
      // ServerAuth in the place of ClientAuth, with the header that ClientAuth has.
      const reflected = Uint8Array.of(...flight.slice(1124), 0);
      reflected[3] = 0x71;
      server.receive(reflected);
    });
  });

  describe('a ClientAuth', () => {
    const stranger = new Identity(unhex('0a'.repeat(32)));
    const client = new Identity(clientSeed);
    const kind = Uint8Array.of(1);

    function verdict(
      make: (stage: ReturnType<ReturnType<typeof handMadeClient>['hear']>) => Uint8Array,
    ): CryptoErrorCode | undefined {
      const server = makeServer(nodeBackend);
      const peer = handMadeClient(nodeBackend);
      server.start();
      const stage = peer.hear(server.receive(peer.hello).send);
      return errorOf(() => server.receive(make(stage)))?.code;
    }

    test('of the honest kind is taken, made by the same hands', () => {
      expect(
        verdict(({ seal, transcript }) =>
          seal(concatBytes(kind, proof(client, clientLabel, transcript))),
        ),
      ).toBeUndefined();
    });

    test.each([0, 2, 3, 128, 255])('of another kind, %d', (number) => {
      expect(
        verdict(({ seal, transcript }) =>
          seal(concatBytes(Uint8Array.of(number), proof(client, clientLabel, transcript))),
        ),
      ).toBe('bad-message');
    });

    test('signed by somebody else than it names', () => {
      expect(
        verdict(({ seal, transcript }) =>
          seal(concatBytes(kind, proof(stranger, clientLabel, transcript, client.publicKey))),
        ),
      ).toBe('authentication-failed');
    });

    test('signed for the other role', () => {
      expect(
        verdict(({ seal, transcript }) =>
          seal(concatBytes(kind, proof(client, serverLabel, transcript))),
        ),
      ).toBe('authentication-failed');
    });

    test('signed over an earlier transcript, or another one', () => {
      expect(
        verdict(({ seal, earlier }) =>
          seal(concatBytes(kind, proof(client, clientLabel, earlier))),
        ),
      ).toBe('authentication-failed');
      expect(
        verdict(({ seal }) =>
          seal(concatBytes(kind, proof(client, clientLabel, new Uint8Array(32)))),
        ),
      ).toBe('authentication-failed');
    });

    test('with an identity of small order', () => {
      const smallOrder = namedVectors('ed25519-edge-cases').filter(
        ([, vector]) => vector.text('layer') === 'public key of small order',
      );
      expect(smallOrder.length).toBe(8);
      for (const [, vector] of smallOrder) {
        expect(
          verdict(({ seal, transcript }) =>
            seal(
              concatBytes(kind, proof(client, clientLabel, transcript, vector.bytes('publicKey'))),
            ),
          ),
        ).toBe('authentication-failed');
      }
    });

    test('in a record of another type or length', () => {
      for (const type of ['message', 'data', 'close', 'update'] as const) {
        expect(
          verdict(({ seal, transcript }) =>
            seal(concatBytes(kind, proof(client, clientLabel, transcript)), type),
          ),
        ).toBe('bad-message');
      }
      expect(
        verdict(({ seal, transcript }) =>
          seal(concatBytes(kind, proof(client, clientLabel, transcript), kind)),
        ),
      ).toBe('bad-message');
    });

    test('of another connection', () => {
      const recorded = converse(makeClient(nodeBackend), makeServer(nodeBackend)).client.sent;
      expect(verdict(() => recorded.slice(1226))).toBe('authentication-failed');
    });
  });

  test('the recorded bytes of a whole connection', () => {
    const recorded = converse(makeClient(nodeBackend), makeServer(nodeBackend));
    bothEstablished(recorded);
    expect(serverVerdict(recorded.client.sent)).toBe('authentication-failed');
  });
});

describe('a client refuses', () => {
  /** Feeds a server's answer, made from the client's hello, and says how the client ended. */
  function clientVerdict(
    answer: (hello: Uint8Array) => Uint8Array,
    suites?: readonly Suite[],
  ): CryptoErrorCode | undefined {
    const client = makeClient(nodeBackend, suites);
    const hello = client.start();
    return errorOf(() => client.receive(answer(hello)))?.code;
  }

  function honestAnswer(hello: Uint8Array): Uint8Array {
    const server = makeServer(nodeBackend);
    server.start();
    return Uint8Array.from(server.receive(hello).send);
  }

  function answerWith(change: (answer: Uint8Array) => void): (hello: Uint8Array) => Uint8Array {
    return (hello) => {
      const answer = honestAnswer(hello);
      change(answer);
      return answer;
    };
  }

  test('nothing of an honest server', () => {
    expect(clientVerdict(honestAnswer)).toBeUndefined();
  });

  test('whatever else answers at that port, at the second byte', () => {
    for (const text of ['HTTP/1.1 400', 'SSH-2.0-', '220 ', '\0\0\0\x80']) {
      expect(clientVerdict(() => Buffer.from(text).subarray(0, 2))).toBe('bad-message');
    }
  });

  test('its own hello, sent back to it', () => {
    expect(clientVerdict((hello) => hello)).toBe('bad-message');
  });

  test.each([0, 1, 3, 255])('version %d', (version) => {
    expect(clientVerdict(answerWith((answer) => (answer[2] = version)))).toBe('bad-message');
  });

  test.each([0, 1, 3, 255])('suite %d, which was not offered', (suite) => {
    expect(
      clientVerdict(
        answerWith((answer) => (answer[3] = suite)),
        [2],
      ),
    ).toBe('bad-message');
  });

  test('a suite that was offered and not chosen', () => {
    expect(clientVerdict(answerWith((answer) => (answer[3] = 2)))).toBe('authentication-failed');
  });

  test.each(namedVectors('x25519-refused'))('an X25519 share of small order, %s', (_u, vector) => {
    expect(clientVerdict(answerWith((answer) => answer.set(vector.bytes('publicKey'), 4)))).toBe(
      'bad-key',
    );
  });

  test('a server with another identity, and sends it not a byte of ClientAuth', () => {
    const impostor = respondToHandshake({
      backend: nodeBackend,
      identity: new Identity(unhex('66'.repeat(32))),
    });
    const { client, server } = converse(makeClient(nodeBackend), impostor);
    expect(client.error?.code).toBe('untrusted-server');
    expect(client.sent).toHaveLength(1226);
    expect(server.established).toBeUndefined();
  });

  test('whom it did not see prove anything: the question is asked after the signature', () => {
    const asked: string[] = [];
    const client = initiateHandshake({
      backend: nodeBackend,
      identity: new Identity(clientSeed),
      acceptServer: (identity) => asked.push(hex(identity)) > 0,
    });
    const { seal, hello, transcript } = handMadeServer(nodeBackend, client.start());
    const impostor = new Identity(unhex('66'.repeat(32)));
    const known = new Identity(serverSeed).publicKey;
    const forged = seal(proof(impostor, serverLabel, transcript, known));
    expectCode('authentication-failed', () => client.receive(concatBytes(hello, forged)));
    expect(asked).toEqual([]);
  });

  describe('a ServerAuth', () => {
    const server = new Identity(serverSeed);

    function verdict(
      make: (stage: ReturnType<typeof handMadeServer>) => Uint8Array,
    ): CryptoErrorCode | undefined {
      return clientVerdict((clientHello) => {
        const stage = handMadeServer(nodeBackend, clientHello);
        return concatBytes(stage.hello, make(stage));
      });
    }

    test('of the honest kind is taken, made by the same hands', () => {
      expect(
        verdict(({ seal, transcript }) => seal(proof(server, serverLabel, transcript))),
      ).toBeUndefined();
    });

    test('signed for the other role, or over another transcript', () => {
      expect(verdict(({ seal, transcript }) => seal(proof(server, clientLabel, transcript)))).toBe(
        'authentication-failed',
      );
      expect(verdict(({ seal }) => seal(proof(server, serverLabel, new Uint8Array(32))))).toBe(
        'authentication-failed',
      );
    });

    test('in a record of another type or length', () => {
      expect(
        verdict(({ seal, transcript }) => seal(proof(server, serverLabel, transcript), 'message')),
      ).toBe('bad-message');
      expect(
        verdict(({ seal, transcript }) =>
          seal(concatBytes(proof(server, serverLabel, transcript), Uint8Array.of(0))),
        ),
      ).toBe('bad-message');
    });

    test('of another connection', () => {
      const recorded = converse(makeClient(nodeBackend), makeServer(nodeBackend)).server.sent;
      expect(verdict(() => recorded.slice(1124))).toBe('authentication-failed');
      expect(clientVerdict(() => recorded)).toBe('authentication-failed');
    });
  });
});

test('a refused side is dead', () => {
  const server = makeServer(nodeBackend);
  server.start();
  expectCode('bad-message', () => server.receive(new Uint8Array(6)));
  expectCode('misuse', () => server.receive(new Uint8Array(6)));
  const client = makeClient(nodeBackend);
  client.start();
  expectCode('bad-message', () => client.receive(new Uint8Array(2)));
  expectCode('misuse', () => client.receive(new Uint8Array(2)));
});

test('a man in the middle who runs both handshakes shows the client his own identity', () => {
  const middle = new Identity(unhex('77'.repeat(32)));
  const { client } = converse(
    makeClient(nodeBackend),
    respondToHandshake({ backend: nodeBackend, identity: middle }),
  );
  expect(client.error?.code).toBe('untrusted-server');
  const { server } = converse(
    initiateHandshake({ backend: nodeBackend, identity: middle, acceptServer: () => true }),
    makeServer(nodeBackend),
  );
  expect(hex(server.established!.peerIdentity)).toBe(hex(middle.publicKey));
});

test('the wire shows neither identity', () => {
  const { client, server } = converse(makeClient(nodeBackend), makeServer(nodeBackend));
  const wire = hex(client.sent) + hex(server.sent);
  expect(wire).not.toContain(hex(new Identity(clientSeed).publicKey));
  expect(wire).not.toContain(hex(new Identity(serverSeed).publicKey));
});

test('a hello is encoded with all that it was given', () => {
  const x25519 = new Uint8Array(32).fill(1);
  const encapsulationKey = new Uint8Array(1184).fill(2);
  const hello = encodeClientHello({ suites: [9, 1], x25519, encapsulationKey });
  expect(hex(hello)).toBe(`6532667404c402020901${hex(x25519)}${hex(encapsulationKey)}`);
});
