import type { TransferProgress } from '#berth/placement';
import { Presets, SingleBar } from 'cli-progress';

/** A bar on a terminal, on stderr, since lines may go to stdout; elsewhere nothing. */
export function progressBar(): TransferProgress {
  if (!process.stderr.isTTY) return { begin: () => undefined, reach: () => undefined, end: () => undefined };
  let bar: SingleBar | undefined;
  const end = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    begin: (stage, total) => {
      end();
      const format = `{stage} [{bar}] {value}/{total}, {duration_formatted}`;
      bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.legacy);
      bar.start(total, 0, { stage: stage.padEnd(20) });
    },
    reach: (done) => bar?.update(done),
    end,
  };
}
