import { testFaults } from './support/faults/suite.js';

await testFaults(1, 600_000);
