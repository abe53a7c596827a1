import { createLocalJWKSet, type JSONWebKeySet } from 'jose';

/** Most bytes of a key set, decompressed. That of an issuer with a dozen keys and their certificates has 30 KB. */
const MAX_BYTES = 256 * 1024;

/** A token that names no key is tried with each one that fits: more keys make a forged token dearer than a genuine one. */
const MAX_KEYS = 50;

/**
 * Fetches a JWKS document (RFC 7517) and gives an answer that holds all of it. What the key server sends is not trusted
 * more than any other input: whoever takes it over, or sits on the way to it, could otherwise send gigabytes, or 1 MB of
 * gzip that becomes as much. Redirects stay what `init` says of them: not followed.
 * @throws Error that says in words what is wrong with the answer, and quotes nothing of it
 */
export async function fetchKeySet(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  try {
    if (response.status !== 200) throw new Error(`status ${response.status}, not 200`);
    const document = await readDocument(response);
    assertFewKeys(document);
    return Response.json(document);
  } catch (error) {
    // Ends the connection, with whatever is still on its way. After an error of the stream there is nothing to end.
    await response.body?.cancel().catch(() => undefined);
    throw error;
  }
}

async function readDocument(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error(`an answer of more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    throw new Error('an answer that is no JSON');
  }
}

/** Throws as well where jose could not make a key set of it. */
function assertFewKeys(document: unknown): void {
  const { keys } = createLocalJWKSet(document as JSONWebKeySet).jwks();
  if (keys.length > MAX_KEYS) throw new Error(`a key set of more than ${MAX_KEYS} keys`);
}
