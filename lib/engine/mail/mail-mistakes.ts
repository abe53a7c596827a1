/** What a failure to send means, by the codes that `describeMailFailure` gives, and what to do. The first that fits holds. */
const MISTAKES: readonly (readonly [codes: RegExp, meaning: string])[] = [
  [
    /\bECONNREFUSED\b/,
    'Nothing listens on that port of the mail server. Check smtp.host and smtp.port (SMTP_HOST, SMTP_PORT), and that the server runs.',
  ],
  [
    /^EDNS\b|\b(?:ENOTFOUND|EAI_AGAIN)\b/,
    'The name of the mail server is not known here. Check smtp.host (SMTP_HOST).',
  ],
  [
    /\bGREETING_TIMEOUT\b/,
    'The mail server takes the connection and says nothing. A server that expects TLS from the first byte does: set SMTP_SECURE=true for it (usually port 465).',
  ],
  [
    /^ETIMEDOUT\b|\b(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b/,
    'The mail server does not answer. Check smtp.host and smtp.port; many networks block port 25, and firewalls the others.',
  ],
  [
    /\b(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)\b/,
    'The certificate of the mail server is signed by nobody who is trusted here. For a server of your own set smtp.ca (SMTP_CA) to the certificate of its authority; otherwise somebody may stand in between.',
  ],
  [
    /\bCERT_HAS_EXPIRED\b/,
    'The certificate of the mail server has expired. Have it renewed there; if it was, check the clock of this machine.',
  ],
  [/\bCERT_NOT_YET_VALID\b/, 'The certificate of the mail server is not valid yet. Check the clock of this machine.'],
  [
    /\bERR_TLS_CERT_ALTNAME_INVALID\b/,
    'The certificate of the mail server is for another name. Set smtp.host (SMTP_HOST) to a name that stands in it; an IP address seldom does.',
  ],
  [
    /\bERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)\b/,
    'The mail server begins without TLS, and smtp.secure expects it from the first byte. Set SMTP_SECURE=false for it (usually port 587), with SMTP_REQUIRE_TLS=true.',
  ],
  [
    /\bERR_SSL_\w*(?:PROTOCOL|VERSION)\w*/,
    'The mail server and this process have no version of TLS in common. Have the server speak TLS 1.2 or later.',
  ],
  [
    /^ETLS .*\bat STARTTLS$|^ECONNECTION .*\bat EHLO$/,
    'The mail server offers no STARTTLS, and smtp.requireTls demands TLS. Use its TLS port with SMTP_SECURE=true; for a relay on this machine set SMTP_IGNORE_TLS=true.',
  ],
  [/^(?:ETLS\b|.*\bERR_SSL_)/, 'The mail server and this process cannot agree on TLS.'],
  [
    /^EAUTH\b/,
    'The mail server refuses the login. Check smtp.username and smtp.password (SMTP_USERNAME, SMTP_PASSWORD).',
  ],
  [/^EPROTOCOL\b/, 'What answers there does not speak SMTP as expected. Check smtp.host and smtp.port.'],
  [
    /^EENVELOPE .*\bat MAIL FROM$/,
    'The mail server does not let this login send from smtp.fromAddress (SMTP_FROM_ADDR).',
  ],
];

/** What a failure means, in words, with what to do. Made of codes, so that nothing a server says is repeated. */
export function explainMailFailure(codes: string): string {
  const [, meaning] = MISTAKES.find(([pattern]) => pattern.test(codes)) ?? [];
  return meaning ?? 'The mail server could not be used. The code says at which step.';
}
