/**
 * A holder of a lock that is paused at the worst moment: it acquires, looks whether it has the lock, stops as a process
 * (SIGSTOP), and whenever it goes on it writes what it wanted to write, under its fence. Once for each line that it is sent,
 * `{url, lockspace, name, provider, leaseMs}`; says before it stops what it holds, and afterwards what came of the write.
 */
import { createInterface } from 'node:readline';

const HEADERS = { 'X-Auth-Token': 'admin', 'OpenStack-API-Version': 'berth 1.0', 'Content-Type': 'application/json' };

async function ask(method, url, body) {
  const answer = await fetch(url, { method, headers: HEADERS, body: body && JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

const say = (facts) => process.stdout.write(`${JSON.stringify(facts)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const { url, lockspace, name, provider, leaseMs } = JSON.parse(line);
  const lock = `${url}/lockspaces/${lockspace}/locks/${name}`;
  const owner = `holder ${process.pid}`;
  const wish = { owner, mode: 'exclusive', wait_ms: 10_000, lease_ms: leaseMs };
  const { token } = (await ask('PUT', lock, wish)).body;
  const { holders } = (await ask('GET', lock)).body;
  say({ token, holds: holders.some((holder) => holder.token === token) });
  process.kill(process.pid, 'SIGSTOP');
  // Nothing but the fence stands in its way: it knows the newest generation.
  const { generation } = (await ask('GET', `${url}/resource_providers/${provider}`)).body;
  const written = await ask('PUT', `${url}/resource_providers/${provider}/inventories`, {
    resource_provider_generation: generation,
    inventories: { VCPU: { total: token } },
    fence: { lockspace, name, token },
  });
  say({ status: written.status, code: written.body.errors?.[0].reason.code });
}
