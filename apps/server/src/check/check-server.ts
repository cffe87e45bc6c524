import { resolve } from 'node:path';

import type { Settings } from '../settings/table.js';
import { checkAddress, isSameAddress } from './check-address.js';
import { checkActivation } from './check-activation.js';
import { checkClients } from './check-clients.js';
import { checkDirectory } from './check-directory.js';
import { checkHooks } from './check-hooks.js';
import { checkKey } from './check-key.js';
import { findingsAbout, type Finding } from './finding.js';
import { isServed } from './running-server.js';

/**
 * Looks whether a server would work with its settings. It changes nothing, and a server may run
 * meanwhile.
 *
 * @param settings - what the operator wants
 * @returns what was found
 */
export async function checkServer(settings: Settings): Promise<readonly Finding[]> {
  const directory = resolve(settings.data);
  return [
    ...(await checkDirectory(directory)),
    ...(await checkKey(directory)),
    ...(await checkClients(directory)),
    ...(await checkAddresses(settings, await isServed(directory))),
    ...(await checkHooks(settings)),
  ];
}

async function checkAddresses(settings: Settings, served: boolean): Promise<readonly Finding[]> {
  const { host, port, metrics } = settings;
  const main = { host, port };
  const { isExpected, finding } = await checkActivation(process.env, process.pid);
  const found =
    finding ??
    (await checkAddress({
      subject: 'port',
      address: main,
      isServed: served,
      isActivated: isExpected,
    }));
  if (!metrics) return [found];
  const subject = 'metrics';
  if (isSameAddress(main, metrics)) {
    const { wrong } = findingsAbout(subject);
    return [found, wrong('metrics cannot be at the port of the server itself; choose another')];
  }
  return [found, await checkAddress({ subject, address: metrics, isServed: served })];
}
