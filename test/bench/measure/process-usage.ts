import { readdirSync, readFileSync } from 'node:fs';

/** One process as the kernel tells of it. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Of the process, and of its children that ended and were waited for: ms. */
  readonly cpuMs: number;
}

/** Linux counts processor time for /proc in ticks of 10 ms (USER_HZ), on every platform that Node runs on. */
const TICK_MS = 10;

/** Places of the fields after the name of the program, counted from 0 (man proc_pid_stat: fields 4 and 14 to 17). */
const PARENT = 1;
const [USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM] = [11, 12, 13, 14] as const;

/** Reads a line of /proc/<pid>/stat. The name of the program may hold blanks and brackets: only the last one ends it. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const ticks = [USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM].reduce(
    (sum, index) => sum + Number(fields[index] ?? 0),
    0,
  );
  return { pid: Number.parseInt(line, 10), parent: Number(fields[PARENT]), cpuMs: ticks * TICK_MS };
}

/** The value of a line such as `VmHWM:  123456 kB` of /proc/<pid>/status in MB (2²⁰ bytes), or undefined. */
export function parseMemory(status: string, name: string): number | undefined {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

/** The processes of the tree under `root`, itself included, out of all. */
export function treeOf(root: number, all: readonly ProcessStat[]): ProcessStat[] {
  const found = all.filter(({ pid }) => pid === root);
  for (const { pid } of found) found.push(...all.filter(({ parent, pid: own }) => parent === pid && own !== root));
  return found;
}

/** Whether this machine tells what processes use: Linux does. */
export function canMeasure(): boolean {
  return process.platform === 'linux';
}

/**
 * Processor time of a process and everything below it since their start: ms. Children that ended count through their
 * parent, so the difference of two readings loses nobody. Undefined where it cannot be told.
 */
export function treeCpuMs(pid: number | undefined): number | undefined {
  if (pid === undefined || !canMeasure()) return undefined;
  const tree = treeOf(pid, allProcesses());
  return tree.length === 0 ? undefined : tree.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** The largest memory of a process of the tree: `VmHWM` is the most it ever had, `VmRSS` what it has now. MB. */
export function treeMemoryMb(pid: number | undefined, name: 'VmHWM' | 'VmRSS'): number | undefined {
  if (pid === undefined || !canMeasure()) return undefined;
  const sizes = treeOf(pid, allProcesses()).flatMap((each) => parseMemory(read(each.pid, 'status'), name) ?? []);
  return sizes.length === 0 ? undefined : Math.max(...sizes);
}

function allProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const line = read(Number(name), 'stat');
      return line === '' ? [] : [parseStat(line)];
    });
}

/** Empty for a process that has just ended. */
function read(pid: number, file: 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
