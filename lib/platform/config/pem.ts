/** One block of a PEM file (RFC 7468). */
export interface PemBlock {
  /** What it says it holds, e.g. `PRIVATE KEY`. */
  readonly label: string;
  /** The block alone, with line breaks where they belong. */
  readonly pem: string;
  /** True where a passphrase protects it. */
  readonly isEncrypted: boolean;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/gs;

/**
 * The blocks of a PEM text, or of one in base64. Environment files mangle line breaks: they may be `\n` in letters,
 * spaces, or gone. Undefined for a text with no block, or with the remains of one.
 */
export function pemBlocks(text: string): readonly PemBlock[] | undefined {
  const plain = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString();
  const blocks = Array.from(plain.matchAll(BLOCK), ([, label = '', body = '']) => toBlock(label, body));
  // `openssl ecparam -genkey` writes the name of the curve in front of the key, which has it too.
  const keys = blocks.filter(({ label }) => label !== 'EC PARAMETERS');
  const hasRemains = plain.replace(BLOCK, '').includes('-----');
  return keys.length === 0 || hasRemains ? undefined : keys;
}

function toBlock(label: string, body: string): PemBlock {
  const base64 = body.replace(/\\[rn]|\s/g, '');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    label,
    pem: [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n'),
    // PKCS#8 says so in the label, the older forms in a header (`Proc-Type: 4,ENCRYPTED`).
    isEncrypted: label.startsWith('ENCRYPTED') || base64.includes('4,ENCRYPTED'),
  };
}
