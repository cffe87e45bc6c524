import { fileStoreConformance } from './file-store-conformance.js';

fileStoreConformance('FileStore without descriptor paths', { access: 'names' });
