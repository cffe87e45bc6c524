import { fileStoreConformance } from './file-store-conformance.js';

fileStoreConformance('FileStore');
