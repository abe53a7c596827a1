import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Finding } from './finding.js';
import { pemBlocks } from './pem.js';

/**
 * The certificates of authorities that are named by a file, or stand in the text itself as PEM (RFC 7468) or PEM in base64.
 * Undefined for what is none.
 */
export function readCertificates(value: string): readonly string[] | undefined {
  try {
    const blocks = pemBlocks(value) ?? pemBlocks(readFileSync(value, 'utf8')) ?? [];
    // Reads each: OpenSSL would take a broken one for the end of the list, without a word.
    return blocks.length > 0 ? blocks.map(({ pem }) => new X509Certificate(pem).toString()) : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with the certificates of authorities. */
export function checkCertificates(value: string): Finding | false {
  return (
    readCertificates(value) === undefined && {
      message:
        'is neither a file of certificates that can be read nor certificates as PEM, so no server would be trusted',
      fix: 'Set it to the file of the authority, BEGIN CERTIFICATE in it; relative paths start at the working directory.',
    }
  );
}
