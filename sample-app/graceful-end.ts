import type { Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { HttpAdapterHost } from '@nestjs/core';

/** Longer than a balancer keeps a connection that it does not use: the side that sends must be the one to close it. */
const KEEP_ALIVE_MS = 65_000;

/**
 * Lets the process end while a balancer goes on sending. Nest closes the server when its last connection is gone, and one that
 * is kept open and used again never goes: so as soon as the process is told to end, each answer closes its connection.
 */
@Injectable()
export class GracefulEnd implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly open = new Set<ServerResponse>();
  private isEnding = false;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly env: ConfigService,
  ) {}

  onApplicationBootstrap(): void {
    // A command has no server.
    const server = this.adapterHost.httpAdapter?.getHttpServer() as Server | undefined;
    if (!server) return;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    // Before the adapter answers.
    server.prependListener('request', (_request, response: ServerResponse) => {
      this.open.add(response);
      response.once('close', () => this.open.delete(response));
      if (this.isEnding) closeAfter(response);
    });
  }

  /** Goes on answering for SHUTDOWN_DELAY_MS, in which a balancer learns that this instance is leaving. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    for (const response of this.open) closeAfter(response);
    await delay(Number(this.env.get('SHUTDOWN_DELAY_MS') || 0));
  }
}

function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
