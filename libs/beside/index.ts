/** Work that its caller does not wait for: what fails is told, and who ends the process waits for the rest. */
export class Beside {
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly onError: (error: unknown) => void) {}

  get isIdle(): boolean {
    return this.underWay.size === 0;
  }

  /** Never throws. `failed` is called before the error is told, `ended` in any case. */
  take(work: Promise<void>, { failed, ended }: { failed?: () => void; ended?: () => void } = {}): void {
    const done = work
      .catch((error: unknown) => {
        failed?.();
        this.onError(error);
      })
      .finally(() => {
        ended?.();
        this.underWay.delete(done);
      });
    this.underWay.add(done);
  }

  /** Resolves when nothing that was taken is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay);
  }
}
