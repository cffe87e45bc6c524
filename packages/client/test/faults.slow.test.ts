import { testTransfersThroughFaults } from './support/fault-suite.js';
import { plainTasks } from './support/fault-tasks.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

testTransfersThroughFaults(plainTasks, (places) => places);
