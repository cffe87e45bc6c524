import { preset } from '@e2eeftp/jest-preset';

// Each test runs the program several times, which takes a second each where the machine is busy.
export default preset({ testTimeout: 120_000 });
