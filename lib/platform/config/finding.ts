/** What is wrong with a value, and why it matters; what to do. Neither ever quotes the value. */
export interface Finding {
  readonly message: string;
  readonly fix: string;
}
