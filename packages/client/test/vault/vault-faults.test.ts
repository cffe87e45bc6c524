import { testTransfersThroughFaults } from '../support/fault-suite.js';
import { expectNoUnhandledRejections } from '../support/unhandled.js';
import { vaultTasks } from './vault-fault-tasks.js';

expectNoUnhandledRejections();

// Another few for each kind of fault; all of them are tried by the slow suite.
testTransfersThroughFaults(vaultTasks, (places, fault) =>
  places.filter((_, index) => index % 17 === (fault * 3 + 2) % 17),
);
