import { setImmediate as nextTurn } from 'node:timers/promises';

let turn: Promise<void> | undefined;

/** The end of this turn of the event loop: one promise for everybody who waits for it. */
export function endOfTurn(): Promise<void> {
  turn ??= endTurn();
  return turn;
}

async function endTurn(): Promise<void> {
  await nextTurn();
  turn = undefined;
}

/** Keys that were asked for on one turn of the event loop, and what is found for them together. */
interface Batch<T> {
  readonly keys: Set<string>;
  readonly found: Promise<ReadonlyMap<string, T>>;
}

/** Most keys in one statement; a power of two. */
const MAX_BATCH = 64;

/**
 * Looks up together what is asked for on the same turn of the event loop. The look-up runs after the last question came,
 * so nobody sees an older state than with a statement of their own, and a busy server does not pay a round trip for each.
 */
export class TurnBatch<T> {
  /** The batch that still takes keys. */
  private open?: Batch<T>;

  /** @param find gets a power of two of keys, some of them twice: statements that are kept prepared are few */
  constructor(private readonly find: (keys: string[]) => Promise<ReadonlyMap<string, T>>) {}

  /** True while somebody else asks for the same key. */
  has(key: string): boolean {
    return this.open?.keys.has(key) ?? false;
  }

  async load(key: string): Promise<T | undefined> {
    if (!this.open || this.open.keys.size >= MAX_BATCH) this.open = this.newBatch();
    const { keys, found } = this.open;
    keys.add(key);
    return (await found).get(key);
  }

  private newBatch(): Batch<T> {
    const keys = new Set<string>();
    const run = async () => {
      await endOfTurn();
      if (this.open === batch) this.open = undefined;
      return this.find(filledUp([...keys]));
    };
    const batch: Batch<T> = { keys, found: run() };
    return batch;
  }
}

function filledUp(keys: readonly string[]): string[] {
  const size = 2 ** Math.ceil(Math.log2(keys.length));
  return Array.from({ length: size }, (_, index) => keys[index] ?? keys[0]!);
}
