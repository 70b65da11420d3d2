/** What the kernel accounts to a process. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * The CPU time of a process, its threads and its children, microseconds: what a busy machine does not change much.
 * @param {number | undefined} pid @returns {number}
 */
export function cpuOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
      const [nanoseconds = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean);
      return children.reduce((more, child) => more + cpuOf(Number(child)), sum + Number(nanoseconds) / 1000);
    }, 0);
  } catch {
    // Gone meanwhile, or another system.
    return 0;
  }
}

/** The resident memory of a process and its children, MiB. @param {number | undefined} pid @returns {number} */
export function residentOf(pid) {
  try {
    const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return children.reduce((sum, child) => sum + residentOf(Number(child)), own);
  } catch {
    return 0;
  }
}
