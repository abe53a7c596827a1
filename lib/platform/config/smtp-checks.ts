import { BlockList, isIP } from 'node:net';
import type { AuthConfig } from './auth-config.js';
import { type ConfigUnderCheck, type Problem, problemAt } from './config-problem.js';

/** What the settings of the mail server say against each other. */
export function checkSmtp({ config: { smtp }, production, broken }: ConfigUnderCheck): Problem[] {
  return [
    smtp.username !== undefined &&
      smtp.password === undefined &&
      problemAt(
        'smtp.password',
        'is missing while smtp.username is set; the server would refuse the login',
        'Set both or neither.',
      ),
    smtp.username === undefined &&
      smtp.password !== undefined &&
      problemAt(
        'smtp.username',
        'is missing while smtp.password is set; the password would never be used',
        'Set both or neither.',
      ),
    smtp.ignoreTls &&
      (smtp.secure || smtp.requireTls) &&
      problemAt(
        'smtp.ignoreTls',
        'contradicts smtp.secure or smtp.requireTls, which demand the TLS that it leaves out',
        'Keep it for a relay on this machine, and otherwise remove it.',
      ),
    smtp.ignoreTls &&
      production &&
      !broken.has('smtp.host') &&
      smtp.host !== undefined &&
      !isLocal(smtp.host) &&
      problemAt(
        'smtp.ignoreTls',
        'is true for a server that is not of this machine or network; whoever is on the way reads the links and sets passwords with them',
        'Remove it, so that TLS is used, or name the relay by localhost or by its private address.',
      ),
  ];
}

/** A port that is known for the other way to begin: each side waits for the other to speak, and every mail fails. */
export function smtpWarning({ sendsMail, smtp }: AuthConfig): string | false {
  if (!sendsMail) return false;
  if (smtp.port === 465 && !smtp.secure) {
    return (
      'smtp.port (SMTP_PORT) is 465 while smtp.secure (SMTP_SECURE) is false: servers expect TLS from the first byte there, ' +
      'and no mail would leave. Set SMTP_SECURE=true, or use port 587.'
    );
  }
  if (smtp.secure && (smtp.port === 587 || smtp.port === 25)) {
    return (
      `smtp.secure (SMTP_SECURE) is true with port ${smtp.port}: servers begin without TLS there and offer STARTTLS, and no ` +
      'mail would leave. Use port 465, or SMTP_SECURE=false with SMTP_REQUIRE_TLS=true.'
    );
  }
  return false;
}

/** Loopback (RFC 1122, RFC 4291) and private networks (RFC 1918, RFC 4193). */
const LOCAL = new BlockList();
LOCAL.addSubnet('127.0.0.0', 8);
LOCAL.addSubnet('10.0.0.0', 8);
LOCAL.addSubnet('172.16.0.0', 12);
LOCAL.addSubnet('192.168.0.0', 16);
LOCAL.addAddress('::1', 'ipv6');
LOCAL.addSubnet('fc00::', 7, 'ipv6');

/** An address that no router of the internet carries, or a name without a dot: localhost, a service beside this one. */
function isLocal(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? !host.includes('.') : LOCAL.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
