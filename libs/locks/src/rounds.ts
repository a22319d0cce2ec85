/** Processes that started together shall not all look at once: the part of a period by which one may be longer or shorter. */
const JITTER = 0.2;

/**
 * Work that is done again and again while the service runs: a period after the round before it has ended, so never two at a time. A
 * round that fails is told, and the next one does what it could not.
 */
export class Rounds {
  private timer: NodeJS.Timeout | undefined;
  private over = false;

  constructor(
    private readonly periodMs: number,
    private readonly round: () => Promise<unknown>,
    private readonly tell: (reason: string) => void,
  ) {}

  /** Whether they were ended: a round that takes long may stop then. */
  get isOver(): boolean {
    return this.over;
  }

  begin(): void {
    const pauseMs = this.periodMs * (1 - JITTER + Math.random() * 2 * JITTER);
    this.timer = setTimeout(() => void this.run(), pauseMs).unref();
  }

  /** No further round begins. One that is under way ends by itself, or fails with its connection. */
  end(): void {
    this.over = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    try {
      await this.round();
    } catch (error) {
      this.tell((error as Error).message);
    }
    if (!this.over) this.begin();
  }
}
