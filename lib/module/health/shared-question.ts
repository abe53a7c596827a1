/** After this long without an answer a question is asked once more. In milliseconds. */
const LOST_AFTER_MS = 10_000;

/**
 * A question that costs something and may hang, asked once for all who want to know at the same time: health is often
 * open to the world, and must be no way to pile up statements.
 */
export class SharedQuestion<T> {
  private asked?: { readonly answer: Promise<T>; readonly at: number };

  constructor(private readonly question: () => Promise<T>) {}

  /** The answer that is under way, or a new one. */
  ask(): Promise<T> {
    const now = performance.now();
    if (this.asked && now - this.asked.at < LOST_AFTER_MS) return this.asked.answer;
    const asked = { answer: this.question(), at: now };
    this.asked = asked;
    const forget = (): void => {
      if (this.asked === asked) this.asked = undefined;
    };
    asked.answer.then(forget, forget);
    return asked.answer;
  }
}
