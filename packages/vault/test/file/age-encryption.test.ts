import { Decrypter, type Stanza } from 'age-encryption';
import { describe, expect, test } from '@jest/globals';

import { vaultSizes } from '../../src/index.js';
import { AgeHeaderReader } from '../../src/file/age/header-reader.js';
import { openFileHeader, parseFileStanzas } from '../../src/file/file-header.js';
import { backends } from '../support/backends.js';
import { hex, sha256 } from '../support/bytes.js';
import {
  contentOfVector,
  positives,
  sealVector,
  wrapKeyOfVector,
} from '../support/file-vectors.js';
import { named } from '../support/vectors.js';

describe.each(backends)('%s', (_name, backend) => {
  test.each(named(positives))(
    'a program of age opens the file, and finds the signature behind the content: %s',
    async (_comment, vector) => {
      const stored = sealVector(backend, vector);
      const reader = new AgeHeaderReader(vaultSizes.fileHeader);
      reader.receive(stored);
      const { header } = reader;
      if (!header) throw new Error('no header');
      const decrypter = new Decrypter();
      decrypter.addIdentity({
        unwrapFileKey(stanzas: Stanza[]) {
          const read = { ...header, stanzas };
          const parsed = parseFileStanzas(read);
          const wrapKey = wrapKeyOfVector(parsed.epoch) ?? new Uint8Array(0);
          return openFileHeader(backend, read, parsed, wrapKey, vector.bytes('entry')).fileKey
            .bytes;
        },
      });
      const opened = await decrypter.decrypt(stored);
      expect(sha256(opened.subarray(0, -64))).toBe(sha256(contentOfVector(vector)));
      expect(hex(opened.subarray(-64))).toBe(vector.text('signature'));
    },
  );
});
