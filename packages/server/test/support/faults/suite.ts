import { afterAll, expect, test } from '@jest/globals';

import { installGate } from './system-calls.js';

/**
 * Defines a test for each operation of the store and of the data directory, which makes the
 * operation's calls to the system fail one after the other.
 *
 * @param step - tries every so manieth failure only
 * @param timeout - how long each test may take, in milliseconds
 */
export async function testFaults(step: number, timeout: number): Promise<void> {
  const removeGate = await installGate();
  afterAll(removeGate);
  // What is imported before the gate is there would go around it.
  const { tryAllFaults } = await import('./campaign.js');
  const { treeScenarios } = await import('./tree-scenarios.js');
  const { uploadScenarios } = await import('./upload-scenarios.js');
  const { directoryScenarios } = await import('./directory-scenarios.js');
  const scenarios = [...treeScenarios(), ...uploadScenarios(), ...directoryScenarios()];

  test.each(scenarios)(
    '$name',
    async (scenario) => {
      const { calls, injected, problems } = await tryAllFaults(scenario, step);
      expect(problems).toEqual([]);
      expect(calls).toBeGreaterThan(0);
      if (step === 1) expect(injected).toBeGreaterThan(3 * calls);
    },
    timeout,
  );
}
