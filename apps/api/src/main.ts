import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { Server as TlsServer } from 'node:tls';
import { LockMeasuresService, LockPoolsService } from '#berth/locks';
import { ReadinessService, ResourceProvidersService, ServiceMeasuresService } from '#berth/placement';
import { useWatcher } from '#berth/store';
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
import { serveHealth, type Life } from './http/health/health.js';
import { flushLog, log, logListening, setLogLevel } from './http/log.js';
import { NestLog } from './http/log/nest-log.js';
import { serveMetrics, type MetricsSources } from './http/metrics/metrics.js';
import { RequestMeasures } from './http/metrics/request-measures.js';
import { watchRequests } from './http/request-watch.js';
import { startTracing, type Tracing } from './http/tracing/tracing.js';
import { Limits } from './http/limits/limits.js';
import { loadCertificates, type TlsConfig } from './http/tls/tls.js';

/** How long requests that are under way may take once the process is told to stop: ms. */
const DRAIN_LIMIT_MS = 10_000;

/** A terminal and a supervisor may both pass one wish to stop on, a moment apart: ms. */
const SAME_WISH_MS = 500;

/** How often connections that have become idle are closed while the process stops: ms. */
const IDLE_SWEEP_MS = 50;

/** The service before it listens, and what its end needs. */
interface Service {
  readonly app: NestFastifyApplication;
  readonly life: Life;
  readonly tracing: Tracing | undefined;
}

async function createService(config: ApiConfig, policy: LivePolicy): Promise<Service> {
  const authentication = openAuthentication(config.authentication);
  const version = packageVersion();
  const tracing = await startTracing(config.traced, version);
  useWatcher(tracing?.steps);
  const adapter = new BerthAdapter(config.limits, config.tls);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config), adapter, {
    logger: new NestLog(),
    bodyParser: false,
    // Only for what the service says of its own address.
    ...(config.tls !== undefined && { httpsOptions: {} }),
    abortOnError: false,
  });
  const server = adapter.getInstance<FastifyInstance>();
  const life: Life = { stopping: false };
  const measures = new RequestMeasures();
  watchRequests(server, { measures, logged: config.log.requests, tracer: tracing?.requests });
  const readiness = app.get(ReadinessService);
  serveHealth(server, life, (limitMs) => readiness.check(limitMs));
  serveMetrics(server, config.metrics, metricsSources(app, version, measures));
  const providers = app.get(ResourceProvidersService);
  const limits = new Limits(config.limits);
  installPipeline(server, { ...config, authentication, limits, policy }, (uuid) => providers.exists(uuid));
  renewCertificates(server, config.tls);
  app.useGlobalFilters(new ErrorFilter());
  serveDocumentation(app, version);
  return { app, life, tracing };
}

function metricsSources(app: NestFastifyApplication, version: string, requests: RequestMeasures): MetricsSources {
  const service = app.get(ServiceMeasuresService);
  const locks = app.get(LockMeasuresService);
  const pools = app.get(LockPoolsService);
  return {
    ...{ version, requests },
    service: () => service.read(),
    locks: () => locks.read(),
    lockUsage: () => service.readLockUsage(),
    pools: (limit) => pools.list('', limit),
  };
}

/** New files count for new connections, and nobody is cut off. */
function renewCertificates({ server }: FastifyInstance, tls: TlsConfig | undefined): void {
  if (tls === undefined || !(server instanceof TlsServer)) return;
  onReload('certificates', () => server.setSecureContext(loadCertificates(tls)));
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

function stopOnSignals({ app, life, tracing }: Service, drainDelayMs: number): void {
  let stoppedAtMs: number | undefined;
  let closing = false;
  const close = async (): Promise<void> => {
    if (closing) return;
    closing = true;
    life.stopping = true;
    setTimeout(() => process.exit(1), DRAIN_LIMIT_MS).unref();
    // A connection that was busy when the stop began becomes idle only later, and would then be kept alive.
    setInterval(() => app.getHttpServer().closeIdleConnections(), IDLE_SWEEP_MS).unref();
    const code = await app.close().then(
      () => 0,
      (error: unknown) => {
        log.error({ err: error }, 'the service did not close cleanly');
        return 1;
      },
    );
    await tracing?.stop();
    await flushLog();
    process.exit(code);
  };
  const stop = (): void => {
    // Who asks twice doesn't want to wait.
    if (stoppedAtMs !== undefined && performance.now() - stoppedAtMs > SAME_WISH_MS) process.exit(1);
    if (life.stopping) return;
    life.stopping = true;
    stoppedAtMs = performance.now();
    // Until balancers have noticed that no more should be sent, what they send is served.
    setTimeout(() => void close(), drainDelayMs);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The supervisor that started this process is gone: nobody would ever stop it, and the next one wants the port.
  process.on('disconnect', () => void close());
  if (process.send !== undefined && !process.connected) void close();
}

async function main(): Promise<void> {
  listenForReload();
  const config = readConfig(process.env);
  setLogLevel(config.log.level);
  const policy = new LivePolicy(config.policy);
  onReload('the policy', () => policy.reload());
  const service = await createService(config, policy);
  stopOnSignals(service, config.drainDelayMs);
  await service.app.listen(config.port, config.host);
  logListening(await service.app.getUrl());
}

main().catch((error: unknown) => {
  const line = error instanceof ConfigError ? error.message : ((error as Error).stack ?? String(error));
  process.stderr.write(`berth: ${line}\n`);
  process.exit(1);
});
