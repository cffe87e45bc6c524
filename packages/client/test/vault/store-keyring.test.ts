import { keyringPath } from '@e2eeftp/vault';
import { describe, expect, test } from '@jest/globals';

import { ClientError, type ClientErrorCode } from '../../src/index.js';
import { changeKeyring, type KeyringStore } from '../../src/vault/store-keyring.js';
import type { VaultSession } from '../../src/vault/vault-session.js';
import { failureOf } from '../home/support.js';
import { beginVault, openVault, startVaultServer, type Person } from './support.js';

interface Scene {
  readonly alice: Person;
  readonly bob: Person;
  readonly vault: Uint8Array;
  readonly session: VaultSession;
}

/** A vault that Alice and Bob own: two keyrings. */
async function scene(): Promise<Scene> {
  const server = await startVaultServer();
  const alice = await server.person('alice');
  const bob = await server.person('bob');
  const vault = await beginVault(alice, 'team');
  const session = await openVault(alice, vault, { firstOwner: alice.fingerprint });
  const change = { add: [{ card: bob.card, role: 'owner' }] } as const;
  await changeKeyring(alice.client, session, () => change, {});
  return { alice, bob, vault, session };
}

/** A connection that breaks once: before the keyring is stored, or behind that. */
function breaking(
  { client }: Person,
  when: 'before' | 'behind',
  code: ClientErrorCode = 'disconnected',
): KeyringStore {
  let isBroken = false;
  return {
    getBytes: (...args) => client.getBytes(...args),
    send: async (...args) => {
      const isLost = !isBroken;
      isBroken = true;
      const stored = isLost && when === 'before' ? undefined : await client.send(...args);
      if (stored && !isLost) return stored;
      throw new ClientError(code, 'The connection broke');
    },
  };
}

describe('a change of who belongs to a vault', () => {
  test.each([
    ['before', 'disconnected'],
    ['behind', 'disconnected'],
    ['before', 'timed-out'],
    ['behind', 'timed-out'],
    ['behind', 'shutting-down'],
  ] as const)('is made once when the connection breaks %s it (%s)', async (when, code) => {
    const { alice, session } = await scene();
    await changeKeyring(breaking(alice, when, code), session, () => ({ newEpoch: true }), {});
    expect(session.opened.keyring).toMatchObject({ sequence: 3, epoch: 2 });
  });

  test('is made again from what another owner stored meanwhile', async () => {
    const { alice, bob, vault, session } = await scene();
    const bobs = await openVault(bob, vault, { firstOwner: alice.fingerprint });
    await changeKeyring(bob.client, bobs, () => ({ name: 'crew' }), {});
    const seen: number[] = [];
    await changeKeyring(
      breaking(alice, 'before'),
      session,
      ({ keyring }) => {
        seen.push(keyring.sequence);
        return { newEpoch: true };
      },
      {},
    );
    expect(seen).toEqual([2, 3]);
    expect(session.opened).toMatchObject({ name: 'crew', keyring: { sequence: 4, epoch: 2 } });
  });

  test('is none where all is as it should be', async () => {
    const { alice, session } = await scene();
    await changeKeyring(alice.client, session, () => undefined, {});
    expect(session.opened.keyring.sequence).toBe(2);
  });

  test('ends when others are always faster', async () => {
    const { alice, bob, vault, session } = await scene();
    const bobs = await openVault(bob, vault, { firstOwner: alice.fingerprint });
    let turn = 0;
    const rivalled: KeyringStore = {
      getBytes: (...args) => alice.client.getBytes(...args),
      send: async (...args) => {
        turn += 1;
        await changeKeyring(bob.client, bobs, () => ({ name: `crew ${turn}` }), {});
        return alice.client.send(...args);
      },
    };
    const changing = changeKeyring(rivalled, session, () => ({ newEpoch: true }), {});
    expect((await failureOf(changing)).code).toBe('conflict');
    expect(session.opened.keyring.epoch).toBe(1);
    expect(session.opened.name).toBe(`crew ${turn}`);
  });

  test('is refused by the keyring that took the right to make it', async () => {
    const { alice, bob, vault, session } = await scene();
    const bobs = await openVault(bob, vault, { firstOwner: alice.fingerprint });
    const roles = [{ identity: alice.identity.publicKey, role: 'reader' }] as const;
    await changeKeyring(bob.client, bobs, () => ({ roles }), {});
    const changing = changeKeyring(alice.client, session, () => ({ name: 'mine' }), {});
    await expect(changing).rejects.toMatchObject({ code: 'not-an-owner' });
    expect(session.role).toBe('reader');
  });

  test('that fails for other reasons is not tried again', async () => {
    const { alice, vault, session } = await scene();
    let attempts = 0;
    const full: KeyringStore = {
      getBytes: (...args) => alice.client.getBytes(...args),
      send: async () => {
        attempts += 1;
        throw new ClientError('no-space', 'no room');
      },
    };
    const changing = changeKeyring(full, session, () => ({ name: 'crew' }), {});
    expect((await failureOf(changing)).code).toBe('no-space');
    expect(attempts).toBe(1);
    const missing = await failureOf(alice.client.stat(keyringPath(vault, 3)));
    expect(missing.code).toBe('not-found');
  });
});
