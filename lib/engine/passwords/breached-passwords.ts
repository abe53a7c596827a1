/**
 * The passwords that are known from breaches. An application replaces it by a class of its own (`breachedPasswords`), such
 * as one that asks a data set on its disk; what is asked, when, and what a failure means stays as configured.
 */
export abstract class BreachedPasswords {
  /**
   * True for a password that is known from a breach. A password must not leave the machine: a service gets to see no more
   * than a part of its hash.
   *
   * @param signal aborted when the configured time is over; nobody waits for the answer any longer
   * @throws whatever went wrong; its name is logged, its message never is
   */
  abstract includes(password: string, signal: AbortSignal): Promise<boolean>;
}
