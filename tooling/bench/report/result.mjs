// What a run came to.
import { cpus, release, type } from 'node:os';

import { judge } from '../works/goals.mjs';

/**
 * @typedef {object} Result
 * @property {{processor: string, cores: number, system: string, node: string}} machine
 * @property {number} rounds
 * @property {Record<string, {title: string, isOnDisk: boolean, results: Record<string,
 *   Record<string, import('../run/measure.mjs').Measured[]>>, missing: Record<string, string>}>} works
 * @property {ReturnType<typeof judge>} goals those whose work was measured
 */

/** @returns {Result} */
export function resultOf({ rounds, works }) {
  const [{ model = 'unknown processor' } = {}] = cpus();
  const times = Object.entries(works).map(([name, { results }]) => [
    name,
    { seconds: seconds(results) },
  ]);
  return {
    machine: {
      processor: model.trim(),
      cores: cpus().length,
      system: `${type()} ${release()}`,
      node: process.versions.node,
    },
    rounds,
    works,
    goals: judge(Object.fromEntries(times)),
  };
}

/** Of each contender and direction only the times. */
function seconds(results) {
  return mapValues(results, (directions) =>
    mapValues(directions, (runs) => runs.map((run) => run.seconds)),
  );
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}
