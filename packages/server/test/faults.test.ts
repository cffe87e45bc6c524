import { testFaults } from './support/faults/suite.js';

await testFaults(31, 60_000);
