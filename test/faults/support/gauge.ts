import { connect } from 'node:net';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reading } from './gauge-inside.js';

export type { Reading } from './gauge-inside.js';

/** Reads an application process from inside: memory, event loop, CPU, passwords hashed. */
export class Gauge {
  private readonly path = join(tmpdir(), `gatehouse-gauge-${randomUUID().slice(0, 8)}`);

  /** Variables that the process is to be started with. */
  get env(): Record<string, string> {
    const inside = new URL('./gauge-inside.js', import.meta.url);
    return { NODE_OPTIONS: `--expose-gc --import ${inside.href}`, GAUGE_SOCKET: this.path };
  }

  /**
   * What it is like now; the delay of the event loop since the reading before.
   * @param settled true collects garbage first, so that what is left is what the process keeps
   */
  read(settled = false): Promise<Reading> {
    return new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(this.path, () => socket.end(settled ? 'settle\n' : 'read\n'));
      socket.setTimeout(30_000, () => socket.destroy(new Error('the application does not tell what it is like')));
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('error', reject);
      socket.on('end', () => resolve(JSON.parse(text) as Reading));
    });
  }
}
