/** The configuration of each component, as docs/high-availability.md shows it, with the ports of this run. */

/** What HAProxy asks a Berth, and takes 200 for "send me requests". */
export const BERTH_CHECK_PATH = '/readyz';

export interface Node {
  readonly name: string;
  readonly postgresPort: number;
  readonly restPort: number;
  readonly data: string;
}

export interface Ports {
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly primary: number;
  readonly pgbouncer: number;
  readonly service: number;
}

export const PASSWORDS = {
  postgres: 'postgres-secret',
  replicator: 'replicator-secret',
  berth: 'berth-secret',
} as const;

/** Patroni's, as JSON, which is YAML. Times are the shortest that it takes: a run has no time to lose. */
export function patroniConfig(node: Node, ports: Ports, binaries: string): string {
  const loopback = (port: number): string => `127.0.0.1:${port}`;
  return JSON.stringify({
    scope: 'berth',
    name: node.name,
    restapi: { listen: loopback(node.restPort), connect_address: loopback(node.restPort) },
    etcd3: { host: loopback(ports.etcdClient) },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: 2,
        retry_timeout: 5,
        maximum_lag_on_failover: 1_048_576,
        synchronous_mode: true,
        synchronous_mode_strict: true,
        postgresql: {
          use_pg_rewind: true,
          use_slots: true,
          parameters: {
            max_connections: 200,
            shared_buffers: '64MB',
            synchronous_commit: 'on',
            wal_log_hints: 'on',
            wal_keep_size: '256MB',
            jit: 'off',
          },
        },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'data-checksums'],
    },
    postgresql: {
      listen: loopback(node.postgresPort),
      connect_address: loopback(node.postgresPort),
      bin_dir: binaries,
      data_dir: node.data,
      pgpass: `${node.data}.pgpass`,
      authentication: {
        superuser: { username: 'postgres', password: PASSWORDS.postgres },
        replication: { username: 'replicator', password: PASSWORDS.replicator },
        rewind: { username: 'rewinder', password: PASSWORDS.replicator },
      },
      pg_hba: [
        'local all all trust',
        'host all all 127.0.0.1/32 scram-sha-256',
        'host replication replicator 127.0.0.1/32 scram-sha-256',
      ],
      parameters: { unix_socket_directories: '', password_encryption: 'scram-sha-256' },
      remove_data_directory_on_rewind_failure: true,
      remove_data_directory_on_diverged_timelines: true,
    },
  });
}

/** In front of PostgreSQL, where Patroni says who the primary is, and in front of the Berths. */
export function haproxyConfig(nodes: readonly Node[], ports: Ports, berthPorts: readonly number[]): string {
  return [
    'global',
    '  maxconn 2000',
    '  hard-stop-after 30s',
    'defaults',
    '  timeout connect 2s',
    '  timeout client 1h',
    '  timeout server 1h',
    '  timeout check 2s',
    'listen primary',
    '  mode tcp',
    `  bind 127.0.0.1:${ports.primary}`,
    '  option clitcpka',
    '  option srvtcpka',
    '  option httpchk OPTIONS /primary',
    '  http-check expect status 200',
    '  default-server inter 1s fastinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions',
    ...nodes.map(
      ({ name, postgresPort, restPort }) =>
        `  server ${name} 127.0.0.1:${postgresPort} maxconn 150 check port ${restPort}`,
    ),
    'listen service',
    '  mode http',
    `  bind 127.0.0.1:${ports.service}`,
    '  balance leastconn',
    '  option redispatch',
    `  option httpchk GET ${BERTH_CHECK_PATH}`,
    '  http-check expect status 200',
    '  default-server inter 1s fastinter 500ms fall 2 rise 1',
    ...berthPorts.map((port, index) => `  server berth${index} 127.0.0.1:${port} check`),
    '',
  ].join('\n');
}

/** Between the Berths and HAProxy: sessions of the database are shared out by transaction. */
export function pgbouncerConfig(ports: Ports): string {
  return [
    '[databases]',
    `berth = host=127.0.0.1 port=${ports.primary} dbname=berth user=berth password=${PASSWORDS.berth} connect_query='select 1/(not pg_is_in_recovery())::int'`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${ports.pgbouncer}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 20',
    'max_client_conn = 500',
    'server_login_retry = 1',
    'server_connect_timeout = 5',
    'query_wait_timeout = 10',
    '',
  ].join('\n');
}
