/** Mails on their way that a server may still answer at any moment. */
const QUICK = 10;
/** After this long without an outcome a mail counts as slow, and gives its place to the next. A server takes far less. */
const SLOW_AFTER_MS = 2_000;

/** A mail on its way. */
export interface Delivery {
  done: Promise<void>;
  breakOff: AbortController;
}

/**
 * The mails on their way that have something in common. A place is for two seconds: a mail that a server hangs on then
 * goes on beside the others, so that some bad recipients cannot keep all places until their time-outs. Slow mails are
 * bounded as well, for each holds a connection, of which a mail server grants one client only so many.
 */
export class MailLane {
  private inFlight = 0;
  private slow = 0;

  /** @param mostSlow how many slow mails there may be beside the quick ones */
  constructor(
    private readonly mostSlow: number,
    private readonly onRoom: () => void,
  ) {}

  /** How many mails may start now. */
  get room(): number {
    return Math.min(QUICK - (this.inFlight - this.slow), QUICK + this.mostSlow - this.inFlight);
  }

  /** Gives a mail a place until `delivery` ends. */
  async carry(delivery: () => Promise<void>): Promise<void> {
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      this.slow++;
      this.onRoom();
    }, SLOW_AFTER_MS);
    this.inFlight++;
    await delivery().finally(() => {
      clearTimeout(timer);
      this.inFlight--;
      if (isSlow) this.slow--;
      this.onRoom();
    });
  }
}
