/** A process to be killed: it adds domains to its state without end and prints how many there are after each. */
import { writeSync } from 'node:fs';
import { startCloud } from '@approov-guard/cloud';

const { cloud } = await startCloud({ state: process.argv[2] ?? '' });
for (let number = Object.keys(cloud.account().domains).length + 1; ; number += 1) {
  cloud.addDomain(`n${number}.example.com`);
  writeSync(1, `${number}\n`);
}
