import { testTransfersThroughFaults } from '../support/fault-suite.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { vaultTasks } from './vault-fault-tasks.js';

expectNoUnhandledRejections();

testTransfersThroughFaults(vaultTasks, (places) => places);
