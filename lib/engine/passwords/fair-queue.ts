/**
 * A queue in which parties take turns: each has a line of its own, served in order of arrival, and the lines are served one
 * after the other. Whoever sends a hundred at once waits behind their own, and others behind one of them (the fair queueing of
 * J. Nagle, RFC 970).
 */
export class FairQueue<T> {
  /** By party; the first line is the one whose turn it is. No line is empty. */
  private readonly lines = new Map<string, T[]>();
  private length = 0;

  /** How many wait, of all parties. */
  get size(): number {
    return this.length;
  }

  add(party: string, item: T): void {
    const line = this.lines.get(party);
    if (line) line.push(item);
    else this.lines.set(party, [item]);
    this.length++;
  }

  /** The item whose turn it is; undefined where nobody waits. */
  take(): T | undefined {
    for (const [party, line] of this.lines) {
      const item = line.shift();
      this.lines.delete(party);
      // Behind the others: its turn comes again when each of them had one.
      if (line.length > 0) this.lines.set(party, line);
      this.length--;
      return item;
    }
    return undefined;
  }

  /**
   * Takes out the newest item of the longest line, to make room for one of this party: undefined where that would leave the
   * longest line shorter than the party's own, which then has its share.
   */
  makeRoom(party: string): T | undefined {
    let longest: [string, T[]] | undefined;
    for (const entry of this.lines) if (entry[1].length > (longest?.[1].length ?? 0)) longest = entry;
    if (!longest || longest[1].length <= (this.lines.get(party)?.length ?? 0) + 1) return undefined;
    this.length--;
    return longest[1].pop();
  }
}
