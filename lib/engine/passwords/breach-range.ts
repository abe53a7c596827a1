import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { BreachedPasswords } from './breached-passwords.js';

/** How much of a hash leaves the machine, in hex digits: 20 bits, which some thousand known passwords share. */
const PREFIX_LENGTH = 5;

/**
 * Largest answer that is read, in bytes. A padded one of today has less than 100 KB; a server that is out of order, or a
 * compressed answer that unfolds without end, must not fill the memory.
 */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** One line of an answer: the rest of a SHA-1 hash, and how often that password was found. */
const LINE = /^([\dA-F]{35}):(\d{1,15})$/i;

/** The server has answered, but not with a range. */
class NoRange extends Error {
  override readonly name = 'NoRange';
}

/**
 * The passwords behind a range interface as Have I Been Pwned has it (https://haveibeenpwned.com/API/v3#PwnedPasswords): the
 * service gets the first five digits of the SHA-1 hash and gives every hash that begins so, so that it learns neither the
 * password nor whether it was among them (k-anonymity). With padding, the size of an answer tells nothing to whoever
 * watches the line. SHA-1 is no more than the name under which the data are kept: nothing is stored.
 */
@Injectable()
export class BreachRange extends BreachedPasswords {
  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {
    super();
  }

  async includes(password: string, signal: AbortSignal): Promise<boolean> {
    const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
    const lines = (await this.ask(digest.slice(0, PREFIX_LENGTH), signal)).split('\n');
    return holds(lines, digest.slice(PREFIX_LENGTH));
  }

  /** A redirect is refused: it could lead anywhere, the network behind this server included (SSRF; ASVS 15.3.2). */
  private async ask(prefix: string, signal: AbortSignal): Promise<string> {
    const answer = await fetch(`${this.config.password.breachCheckUrl.replace(/\/$/, '')}/${prefix}`, {
      headers: { 'Add-Padding': 'true', 'User-Agent': 'nestjs-gatehouse' },
      redirect: 'error',
      signal,
    });
    if (answer.status === 200) return readBounded(answer);
    await answer.body?.cancel();
    throw new NoRange();
  }
}

/** Padding has the count 0, and is no hit. A page of a proxy, answered with 200, must not count as "not found". */
function holds(lines: readonly string[], suffix: string): boolean {
  let isFound = false;
  for (const line of lines.map((each) => each.trimEnd()).filter(Boolean)) {
    const [, rest, count] = LINE.exec(line) ?? [];
    if (rest === undefined) throw new NoRange();
    if (rest.toUpperCase() === suffix && Number(count) > 0) isFound = true;
  }
  return isFound;
}

/** Leaving the loop by an error closes the connection. */
async function readBounded(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new NoRange();
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
