import { domainToASCII } from 'node:url';
import type { MailerService } from '@nestjs-modules/mailer';
import type * as Nodemailer from 'nodemailer';
import type { AuthConfig } from '../../platform/config/auth-config.js';
import { readCertificates } from '../../platform/config/certificates.js';

const CONNECT_TIMEOUT_MS = 10_000;
const GREETING_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 30_000;

/** How the mail server is spoken to, for nodemailer, with explicit time-outs. */
function transportOf({ smtp }: AuthConfig) {
  return {
    host: smtp.host,
    port: smtp.port,
    secure: smtp.secure,
    requireTLS: smtp.requireTls,
    ignoreTLS: smtp.ignoreTls,
    // Or it would be the name of a container, which servers that check it (RFC 5321, 4.1.4) do not know.
    name: smtp.name ?? senderDomain(smtp.fromAddress!),
    tls: smtp.ca === undefined ? undefined : { ca: [...(readCertificates(smtp.ca) ?? [])] },
    auth: smtp.username ? { user: smtp.username, pass: smtp.password } : undefined,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: GREETING_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    // A template can never make the transport read a file or fetch an address of this machine.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** What stands behind the @ of an address. */
export function senderDomain(address: string): string {
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return domainToASCII(domain) || domain;
}

/**
 * @nestjs-modules/mailer over nodemailer: a service of the module's own, beside one the application may have. Both packages
 * are loaded by the first mail.
 */
export async function createMailer(config: AuthConfig): Promise<MailerService> {
  const [mailer, { createTransport }] = await Promise.all([import('@nestjs-modules/mailer'), import('nodemailer')]);
  const transport = transportOf(config);
  return new mailer.MailerService({ transport }, { createTransport: () => createTransport(transport) });
}

/** The same way to the server, for a question that sends no mail. */
export async function createProbe(config: AuthConfig): Promise<Nodemailer.Transporter> {
  const { createTransport } = await import('nodemailer');
  return createTransport(transportOf(config));
}
