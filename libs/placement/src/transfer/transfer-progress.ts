/** Told how far a transfer has come, stage by stage. */
export interface TransferProgress {
  begin(stage: string, total: number): void;
  reach(done: number): void;
  end(): void;
}
