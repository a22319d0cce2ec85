/** Everybody works while it is open; who closes it waits until nobody does. */
export class Gate {
  private isOpen = true;
  private inside = 0;
  private waiting: (() => void)[] = [];
  private whenEmpty: (() => void) | undefined;

  /** Does the work as soon as the gate is open. */
  async through<T>(work: () => Promise<T>): Promise<T> {
    while (!this.isOpen) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.inside += 1;
    try {
      return await work();
    } finally {
      this.inside -= 1;
      if (this.inside === 0) this.whenEmpty?.();
    }
  }

  async close(): Promise<void> {
    this.isOpen = false;
    if (this.inside > 0) await new Promise<void>((resolve) => (this.whenEmpty = resolve));
    this.whenEmpty = undefined;
  }

  open(): void {
    this.isOpen = true;
    for (const go of this.waiting.splice(0)) go();
  }
}
