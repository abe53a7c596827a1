import { Clock } from 'nestjs-gatehouse';

/** A clock that tests move by hand; between moves it runs. */
export class TestClock extends Clock {
  private ahead = 0;
  private stoppedAt?: number;

  override now(): number {
    return this.stoppedAt ?? Date.now() + this.ahead;
  }

  /** Moves time forward; one that stands still stands still again. */
  advance({ seconds }: { seconds: number }): void {
    if (this.stoppedAt === undefined) this.ahead += seconds * 1000;
    else this.stoppedAt += seconds * 1000;
  }
  /** Moves time to one exact instant and holds it there. */
  stopAt(instant: Date): void {
    this.stoppedAt = instant.getTime();
  }

  /** Lets time run on from where it was stopped. */
  goOn(): void {
    this.ahead = this.now() - Date.now();
    this.stoppedAt = undefined;
  }
}
