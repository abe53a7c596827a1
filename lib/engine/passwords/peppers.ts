import { hkdfSync } from 'node:crypto';

/** A secret that goes into every hash and is not in the database. */
export interface Pepper {
  /** What the stored hash says of it: 8 bytes in base64, as many as the PHC form of Argon2 allows. */
  readonly id: string;
  readonly secret: Buffer;
}

/**
 * The pepper of new hashes, and those that stored hashes may still have. A stolen table alone is then worth nothing: no
 * password can be tried without the pepper (OWASP Password Storage Cheat Sheet, "Peppering").
 */
export class Peppers {
  /** What new hashes are made with; undefined where none is configured. */
  readonly current?: Pepper;
  private readonly byId: ReadonlyMap<string, Pepper>;

  constructor(current: string | undefined, previous: readonly string[]) {
    this.current = current === undefined ? undefined : toPepper(current);
    const known = [...(this.current ? [this.current] : []), ...previous.map(toPepper)];
    this.byId = new Map(known.map((pepper) => [pepper.id, pepper]));
  }

  /** The pepper a stored hash names; undefined for one that is not configured (any more). */
  find(id: string): Pepper | undefined {
    return this.byId.get(id);
  }
}

function toPepper(text: string): Pepper {
  const derive = (label: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', text, '', `nestjs-gatehouse pepper ${label}`, bytes));
  return {
    id: derive('id', 8)
      .toString('base64')
      .replace(/={1,2}$/, ''),
    secret: derive('secret', 32),
  };
}
