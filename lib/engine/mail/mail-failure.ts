import { getSystemErrorName } from 'node:util';

/** What nodemailer adds to its errors, and the system to those of sockets. */
interface SmtpError extends Error {
  code?: string;
  /** What the system or OpenSSL called it, where nodemailer has put a code of its own in its place. */
  originalCode?: string;
  /** Which of nodemailer's time-outs it was. */
  timeoutType?: string;
  errno?: number;
  responseCode?: number;
  command?: string;
}

/** Commands whose 5xx is about this mail; elsewhere (AUTH, MAIL FROM, CONN) it is about the set-up and may be mended. */
const ABOUT_THIS_MAIL = new Set(['RCPT TO', 'DATA']);

/** Replies about the session whatever the command: bad sequence, authentication required (RFC 5321, RFC 4954). */
const ABOUT_THE_SESSION = new Set([503, 530]);

/** True where the server refused this recipient or this message for good (RFC 5321, section 4.2.1). */
export function isPermanent(error: unknown): boolean {
  const { responseCode = 0, command = '' } = error as SmtpError;
  return responseCode >= 500 && !ABOUT_THE_SESSION.has(responseCode) && ABOUT_THIS_MAIL.has(command);
}

/**
 * One line for the log and for `mailError`. Only codes: a server's own words may repeat the address or the message.
 */
export function describeMailFailure(error: unknown): string {
  const { code, responseCode, command, message } = error as SmtpError;
  const known = [code, reasonOf(error as SmtpError), responseCode, command && `at ${command}`]
    .filter(Boolean)
    .join(' ');
  return (known || message || 'unknown failure').replaceAll(/[\s\p{Cc}]+/gu, ' ').slice(0, 500);
}

/** Why, in one code: of the system (ECONNREFUSED), of OpenSSL (CERT_HAS_EXPIRED), or of the time-out that ended it. */
function reasonOf({ code, errno, originalCode, timeoutType }: SmtpError): string | undefined {
  if (typeof errno === 'number' && errno < 0) return getSystemErrorName(errno);
  return [originalCode, timeoutType].find(
    (each) => each !== undefined && each !== code && /^[A-Z][A-Z0-9_]+$/.test(each),
  );
}
