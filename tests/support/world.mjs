// world.mjs -- a private broker, a private Redis and musterd on free ports of this host, for tests of the running programs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf, read } from './repository.mjs';

const PATIENCE_MS = 20000;
export const binaries = process.env.MUSTER_BIN_DIR ?? pathOf('build/bin');

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function accepts(port) {
  const socket = connect(port, '127.0.0.1');
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}

// Asks again and again until the answer is a good one; fails with what was waited for.
export async function until(what, ask) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer) {
      return answer;
    }
    if (Date.now() > deadline) {
      throw new Error(`gave up waiting for ${what}`);
    }
    await sleep(20);
  }
}

export class World {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'muster-world-'));
    this.processes = [];
  }

  // Starts a program and waits until it is ready; when it ends before, its output is the error.
  async start(program, args, isReady) {
    const child = spawn(program, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const listen = (chunk) => (said += chunk);
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', listen);
    this.processes.push(child);
    await until(`${program} to be ready`, () => {
      if (child.pid === undefined || child.exitCode !== null) {
        throw new Error(`${program} did not start: ${said}`);
      }
      return isReady();
    }).catch((error) => {
      throw new Error(`${error.message}\n${said}`);
    });
    return child;
  }

  // The repository's own mosquitto.conf, with its listener on a free port and its store in the folder.
  async startBroker(extraConfiguration = '', { anonymous = true } = {}) {
    this.mqttPort = await freePort();
    const file = join(this.folder, 'mosquitto.conf');
    const own = read('mosquitto.conf')
      .replace(/^listener .*$/m, `listener ${this.mqttPort} 127.0.0.1`)
      .replace(/^allow_anonymous .*$/m, `allow_anonymous ${anonymous}`);
    writeFileSync(
      file,
      `${own}\nuser ${userInfo().username}\npersistence_location ${this.folder}/\n${extraConfiguration}`,
    );
    return this.start('mosquitto', ['-c', file], () => accepts(this.mqttPort));
  }

  async startRedis() {
    this.redisPort = await freePort();
    const place = ['--bind', '127.0.0.1', '--port', String(this.redisPort), '--dir', this.folder];
    return this.start('redis-server', [pathOf('docker/redis.conf'), ...place], () => accepts(this.redisPort));
  }

  // options: section.key=value, as -o takes them; wrapper: a program that runs musterd, with its own arguments.
  async startRegistry(options = [], wrapper = []) {
    return this.startDaemon('/readyz', options, wrapper);
  }

  // One more, which waits for the lease; httpPort is its own from then on.
  async startStandby(options = []) {
    return this.startDaemon('/healthz', options, []);
  }

  async startDaemon(probe, options, wrapper) {
    this.httpPort = await freePort();
    const settings = [
      `mqtt.uri=tcp://127.0.0.1:${this.mqttPort}`,
      `redis.uri=redis://127.0.0.1:${this.redisPort}/0`,
      `http.listen=127.0.0.1:${this.httpPort}`,
      ...options,
    ];
    const isReady = () =>
      fetch(`http://127.0.0.1:${this.httpPort}${probe}`).then(
        ({ ok }) => ok,
        () => false,
      );
    const [program, ...args] = [...wrapper, join(binaries, 'musterd'), ...settings.flatMap((setting) => ['-o', setting])];
    return this.start(program, args, isReady);
  }

  // Ends what was started, the latest first.
  async stop() {
    for (const child of this.processes.reverse()) {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
