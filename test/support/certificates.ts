import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, as files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates in a directory of their own. */
export class CertificateMaker {
  readonly directory = mkdtempSync(join(tmpdir(), 'berth-tls-'));

  /** One that signs itself, for localhost; with `issuer` signed by that one. Throws where there is no openssl. */
  make(name: string, issuer?: Certificate): Certificate {
    const made = { cert: join(this.directory, `${name}.crt`), key: join(this.directory, `${name}.key`) };
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
    const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const signing = issuer === undefined ? [] : ['-CA', issuer.cert, '-CAkey', issuer.key];
    try {
      execFileSync('openssl', [...request, ...names, ...signing, '-keyout', made.key, '-out', made.cert], {
        stdio: 'pipe',
      });
    } catch (error) {
      throw new Error(`the tests of TLS make their certificates with openssl 3: ${(error as Error).message}`);
    }
    return made;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
