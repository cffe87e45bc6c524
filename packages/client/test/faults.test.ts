import { testTransfersThroughFaults } from './support/fault-suite.js';
import { plainTasks } from './support/fault-tasks.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

// Another few for each kind of fault; all of them are tried by the slow suite.
testTransfersThroughFaults(plainTasks, (places, fault) =>
  places.filter((_, index) => index % 17 === (fault * 3 + 2) % 17),
);
