/** A request and its answer, as any client has them. */
export interface Exchange {
  method: string;
  url: URL;
  /** The text of a JSON body; undefined for any other. */
  sent?: unknown;
  status: number;
  headers: Headers;
  text: string;
}

type Judge = (exchange: Exchange) => void;
const judges: Judge[] = [];

/**
 * Has every exchange of every client judged. The judge registers itself, so that a client needs nothing of the
 * application: scripts that drive it as a separate process use the same clients.
 */
export function judgeExchanges(judge: Judge): void {
  judges.push(judge);
}

/** For clients: throws where a judge does. */
export function judged(exchange: Exchange): void {
  for (const judge of judges) judge(exchange);
}
