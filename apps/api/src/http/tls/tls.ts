import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { ConfigError, required, type Environment } from '../../environment.js';
import { HANDSHAKE_TIMEOUT_MS } from '../limits/connections.js';

/** The files by which the service proves who it is; undefined: it speaks plain HTTP. */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** Whose certificates clients have to show; undefined: none need be shown. */
  readonly clientCaFile: string | undefined;
}

/** Reads and checks the settings of TLS. Throws ConfigError. */
export function readTls(env: Environment): TlsConfig | undefined {
  if (!env.BERTH_TLS_CERT && !env.BERTH_TLS_KEY && !env.BERTH_TLS_CLIENT_CA) return undefined;
  return {
    certFile: required(env, 'BERTH_TLS_CERT', 'a file with the certificate and those that lead to its root, in PEM'),
    keyFile: required(env, 'BERTH_TLS_KEY', 'a file with the private key of BERTH_TLS_CERT, in PEM'),
    clientCaFile: env.BERTH_TLS_CLIENT_CA || undefined,
  };
}

/** What a server of TLS is made with. Throws ConfigError for files that can't be read or don't belong together. */
export function tlsOptions(config: TlsConfig): TlsOptions {
  return {
    ...loadCertificates(config),
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ...(config.clientCaFile !== undefined && { requestCert: true, rejectUnauthorized: true }),
  };
}

/** What the files say now, for new connections; those that are open keep what they began with. Throws ConfigError. */
export function loadCertificates({ certFile, keyFile, clientCaFile }: TlsConfig): SecureContextOptions {
  const loaded: SecureContextOptions = {
    cert: read('BERTH_TLS_CERT', certFile),
    key: read('BERTH_TLS_KEY', keyFile),
    ...(clientCaFile !== undefined && { ca: read('BERTH_TLS_CLIENT_CA', clientCaFile) }),
    minVersion: 'TLSv1.2',
  };
  try {
    createSecureContext(loaded);
  } catch (error) {
    const files = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])].join(', ');
    throw new ConfigError(`BERTH_TLS_CERT, BERTH_TLS_KEY: ${files} can't be used: ${(error as Error).message}`);
  }
  return loaded;
}

function read(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(`${name}: '${file}', expected a file that can be read: ${(error as Error).message}`);
  }
}
