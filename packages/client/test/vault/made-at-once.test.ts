import { builtinCommands, CommandError, type Command } from '@e2eeftp/server';
import { describe, expect, test } from '@jest/globals';

import { failureOf } from '../home/support.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { startPair } from '../tree/support.js';
import { makePerson, startVaultServer, vaultsOf } from './support.js';

expectNoUnhandledRejections();

describe('a vault that several programs make under one name', () => {
  test('is made by one of them, and the others leave nothing behind', async () => {
    const server = await startVaultServer();
    const alice = await server.person('alice');
    const { identity, home } = alice;
    for (let round = 0; round < 4; round++) {
      const name = `team-${round}`;
      const programs = await Promise.all(
        Array.from({ length: 4 }, () => server.person('alice', { identity, home })),
      );
      const all = programs.map((program) => vaultsOf(program));
      const outcomes = await Promise.allSettled(all.map((vaults) => vaults.create(name)));
      const made = outcomes.filter(({ status }) => status === 'fulfilled');
      expect(made).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason).toMatchObject({ code: 'conflict' });
      }
      const listed: string[] = [];
      for await (const { path } of alice.client.list('vaults')) listed.push(path);
      expect(listed).toHaveLength(round + 1);
      const ids = await Promise.all(all.map(async (vaults) => (await vaults.open(name)).id));
      expect(new Set(ids).size).toBe(1);
      expect(listed).toContain(ids[0]);
    }
    expect((await vaultsOf(alice).list()).every(({ alias }) => alias !== undefined)).toBe(true);
  });

  test('takes no name where the server refuses it', async () => {
    const commands = builtinCommands.map((command) => ({
      ...command,
      run: (async (args, context) => {
        if (command.name === 'SEND') throw new CommandError(403);
        return command.run(args, context);
      }) satisfies Command['run'],
    }));
    const { server, client } = await startPair({ commands });
    const { peerIdentity: publicKey } = client.greeting.facts;
    const alice = await makePerson({ port: server.address.port, publicKey }, 'alice');
    const alices = vaultsOf(alice);
    expect((await failureOf(alices.create('team'))).code).toBe('not-allowed');
    expect(await alice.home.vaults.list(publicKey)).toEqual([]);
    expect((await failureOf(alices.create('team'))).code).toBe('not-allowed');
  });
});
