import { fileStoreConformance } from './file-store-conformance.js';

fileStoreConformance('FileStore without flushes', { durability: 'relaxed' });
