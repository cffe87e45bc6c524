import { preset } from '@e2eeftp/jest-preset';

export default preset();
