import { testTransfersThroughFaults } from './support/fault-suite.js';
import { expectNoUnhandledRejections } from './support/unhandled.js';

expectNoUnhandledRejections();

testTransfersThroughFaults((places) => places);
