import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, as PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** What a certificate may be wrong in. */
export interface CertificateChoice {
  /** @default localhost */
  host?: string;
  /** True for one whose time is over. */
  isExpired?: boolean;
}

const CONFIG = `
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`;

/** An authority of a test's own, made while the test runs and gone with it. Node cannot make certificates; openssl can. */
export class Authority {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-ca-'));
  private count = 0;
  /** Where its certificate is. */
  readonly file = join(this.folder, 'ca.pem');

  constructor() {
    writeFileSync(join(this.folder, 'ca.cnf'), CONFIG);
    writeFileSync(join(this.folder, 'index.txt'), '');
    writeFileSync(join(this.folder, 'serial'), '01\n');
    const constraints = ['-addext', 'basicConstraints=critical,CA:TRUE', '-days', '2'];
    this.openssl('req', '-x509', ...newKey('ca'), '-subj', '/CN=Authority of a test', ...constraints, '-out', 'ca.pem');
  }

  get certificate(): string {
    return readFileSync(this.file, 'utf8');
  }

  /** A certificate that the authority has signed. */
  issue({ host = 'localhost', isExpired = false }: CertificateChoice = {}): Certificate {
    const name = `server-${++this.count}`;
    const end = isExpired ? '20200102000000Z' : '20990101000000Z';
    const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    this.openssl('req', '-new', ...newKey(name), ...names, '-out', `${name}.csr`);
    const period = ['-startdate', '20200101000000Z', '-enddate', end];
    const files = ['-cert', 'ca.pem', '-keyfile', 'ca.key', '-in', `${name}.csr`, '-out', `${name}.pem`];
    this.openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...period, ...files);
    return this.read(name);
  }

  /** A certificate that nobody but itself has signed. */
  selfSigned(): Certificate {
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    this.openssl('req', '-x509', ...newKey('self'), ...names, '-days', '2', '-out', 'self.pem');
    return this.read('self');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private read(name: string): Certificate {
    const file = (end: string) => readFileSync(join(this.folder, `${name}.${end}`), 'utf8');
    return { cert: file('pem'), key: file('key') };
  }

  private openssl(...args: string[]): void {
    const { status, stderr, error } = spawnSync('openssl', args, { cwd: this.folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${error?.message ?? stderr}`);
  }
}

function newKey(name: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
}
