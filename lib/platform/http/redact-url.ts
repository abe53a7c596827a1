/** A stretch of base64url characters and dots, percent-encoded or not; else one percent-encoded character, to skip it whole. */
const STRETCH = /((?:[\w.-]|%(?:2[de]|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a]))+)|%[0-9a-f]{2}/gi;

/** A link token has 64 characters; one that lost a few in a mail client's line break is still worth guessing the rest of. */
const SECRET_LENGTH = 60;

const REDACTED = '[redacted]';

/**
 * A URL for the access log, or any text with URLs in it: link tokens (64 base64url characters) and JWTs become
 * `[redacted]`, in path, query and fragment, percent-encoded or not. Mode E's links carry their token in the path,
 * and access logs are read by more people than may reset a password (OWASP ASVS 5.0, 14.2.1).
 *
 * Takes time linear in the length of the text; throws nothing.
 */
export function redactUrl(url: string): string {
  return url.replace(STRETCH, (match, stretch?: string) => {
    if (stretch === undefined) return match;
    // A client that percent-encodes a token must not get it into the log. All of it is ASCII: decoding cannot fail.
    const plain = stretch.includes('%') ? decodeURIComponent(stretch) : stretch;
    const parts = plain.split('.');
    if (isJwt(parts)) return REDACTED;
    if (!parts.some(isSecret)) return stretch;
    return parts.map((part) => (isSecret(part) ? REDACTED : part)).join('.');
  });
}

function isSecret(part: string): boolean {
  return part.length >= SECRET_LENGTH;
}

/** Header and payload of a JWT are JSON objects: in base64url they begin with `eyJ`, that is `{"`. */
function isJwt(parts: readonly string[]): boolean {
  return parts.some((part, index) => part.startsWith('eyJ') && parts[index + 1]);
}
