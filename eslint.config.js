import { config } from '@e2eeftp/eslint-config';

export default config(import.meta.dirname);
