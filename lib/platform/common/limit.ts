/** How often one key may try something. */
export interface LimitBudget {
  /** Tries within a window; with waits, those before the first wait. From 1 to 500. */
  readonly tries: number;
  /** The window, from its first try; with waits, how long a key is remembered after its last one. In milliseconds. */
  readonly windowMs: number;
  /** Where each further try costs a longer wait; without it, further tries are refused until the window ends. */
  readonly waits?: GrowingWaits;
}

/** Waits that double from one try to the next. */
export interface GrowingWaits {
  /** In milliseconds. */
  readonly firstMs: number;
  /** In milliseconds. */
  readonly longestMs: number;
  /** After so many tries no wait helps any more. From 1 to 500. */
  readonly mostTries: number;
}

/** A key, and what it may. */
export interface LimitedKey {
  /** At most 64 characters of ASCII; tells nobody whom it stands for. */
  readonly key: string;
  readonly budget: LimitBudget;
}

/** What became of a try. */
export interface LimitVerdict {
  readonly isAllowed: boolean;
  /** Tries that count, this one included if it was allowed. */
  readonly tries: number;
  /** Until the next try is allowed; 0 where that is now. In milliseconds. */
  readonly waitMs: number;
}

/** Tries to be given back. */
export interface LimitReturn {
  readonly key: string;
  readonly tries: number | 'all';
}

/**
 * Where tries are counted. An application may bring its own, shared by all of its instances. Counting is one indivisible
 * step: of any number of parallel tries, in any number of processes, no more are allowed than the budget says.
 */
export abstract class LimitStore {
  /**
   * Counts a try of each key, one after the other, until one is refused: a refused try does not count, and the keys after
   * it are not tried.
   * @param now milliseconds since the epoch
   * @returns the verdicts, in the order of the keys, up to the first refusal
   * @throws where it cannot count
   */
  abstract take(keys: readonly LimitedKey[], now: number): Promise<LimitVerdict[]>;

  /**
   * Gives tries back that turned out to be genuine; nothing happens for a key that nobody has tried.
   * @param returns at most one for each key
   */
  abstract giveBack(returns: readonly LimitReturn[]): Promise<void>;

  /**
   * For health: whether it can count, without counting. Unless a store has a better way, it forgets a key that nobody tries.
   * @throws where it cannot
   */
  verify(): Promise<void> {
    return this.giveBack([{ key: 'health', tries: 'all' }]);
  }
}

/*
 * What a store keeps of a key is one integer: `at * 1024 + tries * 2 + refused`, where `at` is when the window began or,
 * with waits, when the last try was. 52 bits, so exact in a double. One integer, because MySQL runs the assignments of an
 * update one after the other, and a second column would be judged by what the first has become.
 */
const AT = 1024;
const TRY = 2;

/** The same for a key that nobody has tried. */
export const UNTRIED = 0;

/** What a try makes of a state. */
export function afterTry(state: number, budget: LimitBudget, now: number): number {
  const { at, tries } = read(state);
  const isForgotten = at + budget.windowMs <= now;
  if (isForgotten) return now * AT + TRY;
  const wait = waitAfter(tries, budget);
  // Without a wait, an instance whose clock is behind would refuse what is free.
  if (wait > 0 && at + wait > now) return state - (state % TRY) + 1;
  return (budget.waits ? now : at) * AT + (tries + 1) * TRY;
}

/** What the state that a try has left says of that try. */
export function verdictOf(state: number, budget: LimitBudget, now: number): LimitVerdict {
  const { at, tries } = read(state);
  const wait = waitAfter(tries, budget);
  return { isAllowed: state % TRY === 0, tries, waitMs: wait > 0 ? Math.max(0, at + wait - now) : 0 };
}

/** How long after its `at` a state allows the next try. In milliseconds. */
export function waitAfter(tries: number, { tries: free, windowMs, waits }: LimitBudget): number {
  if (tries < free) return 0;
  if (!waits || tries >= waits.mostTries) return windowMs;
  return Math.min(waits.longestMs, waits.firstMs * 2 ** (tries - free));
}

/** What giving tries back makes of a state. */
export function withoutTries(state: number, returned: LimitReturn['tries']): number {
  if (returned === 'all') return UNTRIED;
  return state - Math.min(read(state).tries, returned) * TRY;
}

/** False for a state that counts nothing. */
export function hasTries(state: number): boolean {
  return read(state).tries > 0;
}

function read(state: number): { at: number; tries: number } {
  return { at: Math.floor(state / AT), tries: Math.floor((state % AT) / TRY) };
}
