import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { ResourceProvidersService } from '#berth/placement';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { AppModule } from './app.module.js';
import { readConfig, type ApiConfig } from './config.js';
import { ConfigError } from './environment.js';
import { openAuthentication } from './http/authentication/authentication.js';
import { BerthAdapter } from './http/berth-adapter.js';
import { serveDocumentation } from './http/documentation.js';
import { ErrorFilter } from './http/error.filter.js';
import { LivePolicy } from './http/live-policy.js';
import { installPipeline } from './http/pipeline.js';
import { listenForReload, onReload } from './http/reload.js';

/** How long requests that are under way may take once the process is told to stop: ms. */
const DRAIN_LIMIT_MS = 10_000;

/** How often connections that have become idle are closed while the process stops: ms. */
const IDLE_SWEEP_MS = 50;

async function createApp(config: ApiConfig, policy: LivePolicy): Promise<NestFastifyApplication> {
  const authentication = openAuthentication(config.authentication);
  const adapter = new BerthAdapter();
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config), adapter, {
    logger: ['error', 'warn'],
    bodyParser: false,
    abortOnError: false,
  });
  const providers = app.get(ResourceProvidersService);
  const server = adapter.getInstance<FastifyInstance>();
  installPipeline(server, { ...config, policy }, authentication, (uuid) => providers.exists(uuid));
  app.useGlobalFilters(new ErrorFilter());
  serveDocumentation(app, packageVersion());
  return app;
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

function stopOnSignals(app: NestFastifyApplication): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), DRAIN_LIMIT_MS).unref();
    // A connection that was busy when the stop began becomes idle only later, and would then be kept alive.
    setInterval(() => app.getHttpServer().closeIdleConnections(), IDLE_SWEEP_MS).unref();
    void app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The supervisor that started this process is gone: nobody would ever stop it.
  process.on('disconnect', stop);
  if (process.send !== undefined && !process.connected) stop();
}

async function main(): Promise<void> {
  listenForReload();
  const config = readConfig(process.env);
  const policy = new LivePolicy(config.policy);
  onReload('the policy', () => policy.reload());
  const app = await createApp(config, policy);
  stopOnSignals(app);
  await app.listen(config.port, config.host);
  process.stdout.write(`${JSON.stringify({ msg: 'listening', url: await app.getUrl(), pid: process.pid })}\n`);
}

main().catch((error: unknown) => {
  const line = error instanceof ConfigError ? error.message : ((error as Error).stack ?? String(error));
  process.stderr.write(`berth: ${line}\n`);
  process.exit(1);
});
