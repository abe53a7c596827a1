import { randomBytes } from 'node:crypto';
import { format } from 'node:util';

/** Secrets that must turn up nowhere but where they belong. */
export class Canaries {
  private readonly secrets: string[] = [];

  get count(): number {
    return this.secrets.length;
  }

  /** A new secret of random bytes, as base64url. */
  make(bytes = 18): string {
    return this.add(randomBytes(bytes).toString('base64url'));
  }

  /** Keeps secrets, and returns the first. */
  add(...secrets: [string, ...string[]]): string {
    this.secrets.push(...secrets);
    return secrets[0];
  }

  /** The secrets a text contains, as they are or encoded. */
  foundIn(text: string): string[] {
    return this.secrets.filter((secret) => formsOf(secret).some((form) => text.includes(form)));
  }
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}

/** What the process prints while it is captured. */
export interface CapturedOutput {
  text(): string;
  restore(): void;
}

/** Takes over everything that is printed, through the console or past it. */
export function captureOutput(): CapturedOutput {
  const printed: string[] = [];
  const undo: (() => void)[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const { write } = stream;
    stream.write = (chunk: Uint8Array | string) => printed.push(Buffer.from(chunk).toString()) > 0;
    undo.push(() => (stream.write = write));
  }
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    const original = console[method];
    console[method] = (...values: unknown[]) => void printed.push(format(...values));
    undo.push(() => (console[method] = original));
  }
  return { text: () => printed.join('\n'), restore: () => undo.forEach((each) => each()) };
}
