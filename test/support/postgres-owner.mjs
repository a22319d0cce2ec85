/**
 * A process that owns an embedded PostgreSQL, to be killed by tests. Its argument is the options as JSON. Says in one line
 * of JSON what it got, or why it was refused, and ends like the service does: SIGTERM stops the server. So does the end of its
 * standard input: the test that started it is gone then.
 */
const built = new URL('../../dist/apps/cli/src/embedded-postgres/embedded-postgres.js', import.meta.url);
const { EmbeddedPostgres } = await import(built);

const say = (facts) => process.stdout.write(`${JSON.stringify(facts)}\n`);

try {
  const postgres = await EmbeddedPostgres.start(JSON.parse(process.argv[2]));
  postgres.watch((reason) => {
    say({ gaveUp: reason.message });
    process.exit(1);
  });
  const stop = () => void postgres.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.stdin.once('end', stop).resume();
  say({ url: postgres.url, pid: postgres.pid, adopted: postgres.adopted, home: postgres.home });
} catch (error) {
  say({ refused: error.message });
  process.exitCode = 1;
}
