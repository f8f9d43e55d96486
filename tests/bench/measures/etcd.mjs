// etcd.mjs -- the yardstick of leases: etcd's LeaseKeepAlive over gRPC, one message in each stream, many streams at once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Program, Stand, cpuUs } from '../stand.mjs';
import { freePort, until } from '../../support/world.mjs';

export const title = 'etcd lease keep-alive';
export const rounds = 'shared';

const LEASE = 77;
const TTL_S = 600;
const CLIENTS = 4;
const STREAMS = 100;
const GRPC_HEAD_BYTES = 5;

// LeaseKeepAliveRequest{ID}: field 1, varint; behind gRPC's flag and length.
const request = Buffer.from([0, 0, 0, 0, 2, 0x08, LEASE]);

async function startEtcd(stand) {
  const [client, peer] = [await freePort(), await freePort()];
  const uri = `http://127.0.0.1:${client}`;
  const peers = `http://127.0.0.1:${peer}`;
  const args = ['--data-dir', join(stand.world.folder, 'etcd'), '--listen-client-urls', uri, '--advertise-client-urls', uri];
  args.push('--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`);
  args.push('--logger', 'zap', '--log-level', 'error');
  const isReady = () => fetch(`${uri}/health`).then((answer) => answer.ok, () => false);
  return { uri, etcd: await stand.world.start('etcd', args, isReady) };
}

async function grant(uri) {
  const body = JSON.stringify({ ID: LEASE, TTL: TTL_S });
  await until('a lease', () => fetch(`${uri}/v3/lease/grant`, { method: 'POST', body }).then(({ ok }) => ok));
}

export async function measure({ sizes, record }) {
  const stand = new Stand();
  const { uri, etcd } = await startEtcd(stand);
  await grant(uri);
  const file = join(stand.world.folder, 'request');
  writeFileSync(file, request);
  const usedBefore = cpuUs(etcd.pid);
  const args = ['-n', sizes.keepAlives, '-c', CLIENTS, '-m', STREAMS, '-t', 1, '-d', file, '-H', 'content-type: application/grpc'];
  args.push('-H', 'te: trailers', `${uri}/etcdserverpb.Lease/LeaseKeepAlive`);
  const text = await new Program('h2load', args.map(String)).text();
  const used = cpuUs(etcd.pid) - usedBefore;
  const rate = Number(/([\d.]+) req\/s/.exec(text)[1]);
  const succeeded = Number(/(\d+) succeeded/.exec(text)[1]);
  const dataBytes = Number(/\((\d+)\) data/.exec(text)[1]);
  // A refusal is told in the trailers alone: who was answered has got a message.
  if (succeeded !== sizes.keepAlives || dataBytes < succeeded * (GRPC_HEAD_BYTES + 1)) {
    throw new Error(`etcd has not answered all:\n${text}`);
  }
  record('rate.etcd', rate);
  record('cost.etcd', used / succeeded);
  await stand.end();
}
