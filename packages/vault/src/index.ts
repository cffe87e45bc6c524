export { labels } from './labels.js';
export { hashLeaf, ContentHash } from './file/content-hash.js';
export { VaultFileError, type VaultFileErrorCode } from './file/errors.js';
export {
  FileHeadReader,
  type FileHead,
  type StoredFile,
  type VaultAccess,
} from './file/file-head.js';
export { fileHeaderSize, maximumHeaderSize } from './file/file-header.js';
export type { FileKeys } from './file/file-keys.js';
export { FileOpener } from './file/file-opener.js';
export type { FileSealer, SealedPart } from './file/file-sealer.js';
export { maximumReplaced, type FileMetadata } from './file/metadata.js';
export { RangeOpener } from './file/range-opener.js';
export {
  beginSealing,
  resumeSealing,
  type FileToSeal,
  type SealingAccess,
  type SourceState,
} from './file/sealing.js';
export { fileSizes, maximumEpoch } from './file/sizes.js';
export { contentFileSize, storedFileSize } from './file/stored-size.js';
export {
  decodeUploadJournal,
  encodeUploadJournal,
  trimUploadJournal,
  type UploadJournal,
} from './file/upload-journal.js';
export { StreamKey, streamSizes } from './file/age/stream.js';
