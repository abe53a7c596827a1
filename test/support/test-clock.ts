import { Clock } from 'nestjs-gatehouse';

/** A clock that tests move by hand; between moves it runs. */
export class TestClock extends Clock {
  private ahead = 0;

  override now(): number {
    return Date.now() + this.ahead;
  }

  /** Moves time forward. */
  advance({ seconds }: { seconds: number }): void {
    this.ahead += seconds * 1000;
  }
}
