import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Identity, pathSchema, silentLogger } from '@e2eeftp/server';
import { expect, test } from '@jest/globals';

import { openService } from '../src/service/open-service.js';
import { resolveSettings } from '../src/settings/resolve.js';
import { settingNames } from '../src/settings/table.js';

test('an unfinished upload is dropped after the time that is set', async () => {
  const data = await mkdtemp(join(tmpdir(), 'e2eeftp-service-'));
  const given = { data, 'upload-ttl': '1s', durability: 'relaxed' };
  const { settings } = await resolveSettings(settingNames, given);
  const service = await openService(settings, { logger: silentLogger });
  const { store } = service.files;
  try {
    const key = { owner: Identity.generate().publicKey, id: Buffer.alloc(16, 7) };
    const path = await pathSchema.parseAsync('received/half');
    const upload = await store.createUpload({ path, size: 10, resumable: { ...key, offset: 0 } });
    await upload.write([Buffer.alloc(5)]);
    await upload.suspend();
    const isLeft = (): Promise<boolean> =>
      store.findUpload(key, { digest: false }).then(
        () => true,
        () => false,
      );
    expect(await isLeft()).toBe(true);
    while (await isLeft()) await delay(20);
  } finally {
    await service.close();
    await rm(data, { recursive: true });
  }
});
