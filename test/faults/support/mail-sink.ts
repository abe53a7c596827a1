import { createServer, type Server, type Socket } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** A mail server for mails that nobody reads, in a thread of its own: what it does is not on the measuring clock. */
export interface MailSink {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * `well` takes everything; `slow` never greets, so that every connection hangs until the client gives up; `down` refuses
 * connections.
 */
export type MailWeather = 'well' | 'down' | 'slow';

export async function startMailSink(weather: MailWeather): Promise<MailSink> {
  const thread = new Worker(new URL(import.meta.url), { workerData: weather });
  const port = await new Promise<number>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  const stop = async () => void (await thread.terminate());
  if (weather === 'down') await stop();
  return { port, stop };
}

/** As much of RFC 5321 as a client needs that has a message to deliver. */
function converse(socket: Socket): void {
  let isData = false;
  let rest = '';
  socket.on('error', () => socket.destroy());
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (isData && line !== '.') continue;
      if (line === 'DATA') socket.write('354 go on\r\n');
      else if (line.startsWith('EHLO')) socket.write('250 sink\r\n');
      else if (line === 'QUIT') socket.end('221 bye\r\n');
      else socket.write('250 ok\r\n');
      isData = line === 'DATA';
    }
  });
  socket.write('220 sink ESMTP\r\n');
}

if (parentPort) {
  const thread = parentPort;
  const server: Server = createServer((socket) => {
    if (workerData === 'slow') socket.on('error', () => socket.destroy()).resume();
    else converse(socket);
  });
  server.listen(0, '127.0.0.1', () => {
    // Threads have no origins.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    thread.postMessage((server.address() as { port: number }).port);
  });
}
