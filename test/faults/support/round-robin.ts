import { type Call, Caller, type Reply } from './caller.js';

/**
 * A balancer: it asks its instances in turn, and the next one only where no connection came about, so that no request is done
 * twice. It keeps connections open, as balancers do.
 */
export class RoundRobin extends Caller {
  /** Answers of 500 and above, and what was never answered. */
  readonly failures: string[] = [];
  /** Requests that the next instance got. */
  passedOn = 0;
  /** Requests that were answered. */
  answered = 0;
  private readonly callers = new Map<number, Caller>();
  private readonly former: Caller[] = [];
  private turn = 0;

  constructor() {
    super('http://127.0.0.1');
  }

  /** Takes an instance into the round. */
  add(index: number, origin: string): void {
    this.callers.set(index, new Caller(origin));
  }

  /** Sends an instance nothing new; what is under way there goes on. */
  remove(index: number): void {
    this.former.push(this.callers.get(index)!);
    this.callers.delete(index);
  }

  override async send(call: Call, patienceMs?: number): Promise<Reply> {
    const callers = [...this.callers.values()];
    const first = this.turn++;
    for (let tries = 0; tries < callers.length; tries++) {
      const reply = await callers[(first + tries) % callers.length]!.send(call, patienceMs);
      if (reply.kind !== 'refused') return this.noted(call, reply, callers[(first + tries) % callers.length]!.origin);
      this.passedOn++;
    }
    this.failures.push(`${call.method} ${call.path}: no instance was there`);
    return { kind: 'refused' };
  }

  override close(): void {
    super.close();
    for (const caller of [...this.callers.values(), ...this.former]) caller.close();
  }

  private noted({ method, path }: Call, reply: Reply, origin: string): Reply {
    if (reply.kind === 'answer') this.answered++;
    if (reply.kind !== 'answer') this.failures.push(`${method} ${path} at ${origin}: ${reply.kind}`);
    else if (reply.status >= 500) {
      this.failures.push(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    }
    return reply;
  }
}
