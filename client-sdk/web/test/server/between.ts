/**
 * Stands between a client and a real server, and lies: closes with any code, keeps or changes frames, or speaks alone.
 */

import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { decode, type Frame } from '../../src/wire.js';

/** What becomes of a frame: itself, another one, or nothing. */
type Filter = (frame: Frame, bytes: Uint8Array) => Uint8Array | undefined;

/** A liar in the middle; without a server behind it, it speaks alone. */
export class Between {
  /** How often somebody has connected. */
  connections = 0;
  /** Every frame of clients, in order. */
  readonly heard: Frame[] = [];
  /** What becomes of frames to the server. */
  toServer: Filter = (_, bytes) => bytes;
  /** What becomes of frames to the client. */
  toClient: Filter = (_, bytes) => bytes;
  /** Called with each client that connects; whether it is to be passed on. */
  onConnect: (client: WebSocket) => boolean = () => true;

  private readonly http: HttpServer;
  private readonly clients = new Set<WebSocket>();

  static async start(upstream?: string): Promise<Between> {
    const between = new Between(upstream);
    await new Promise<void>((resolve) => between.http.listen(0, '127.0.0.1', resolve));
    return between;
  }

  private constructor(private readonly upstream: string | undefined) {
    this.http = createServer();
    const sockets = new WebSocketServer({ server: this.http, handleProtocols: (offered) => [...offered][0] as string });
    sockets.on('connection', (client, request) => this.pass(client, request.url ?? ''));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** Closes everybody with a code. */
  close(code: number, reason = ''): void {
    for (const client of this.clients) client.close(code, reason);
  }

  /** Cuts everybody off, without a word. */
  cut(): void {
    for (const client of this.clients) client.terminate();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.http.close(resolve));
  }

  private pass(client: WebSocket, path: string): void {
    this.connections += 1;
    this.clients.add(client);
    client.on('close', () => this.clients.delete(client));
    client.on('error', () => {});
    const passed = this.onConnect(client) && this.upstream;
    const server = passed
      ? new WebSocket(`${this.upstream?.replace('http', 'ws')}${path}`, ['plansync.v1'])
      : undefined;
    const waiting: Uint8Array[] = [];
    client.on('message', (data: Buffer) => {
      const bytes = new Uint8Array(data);
      const frame = decode(bytes);
      this.heard.push(frame);
      const next = this.toServer(frame, bytes);
      if (!next || !server) return;
      if (server.readyState === WebSocket.OPEN) server.send(next);
      else waiting.push(next);
    });
    server?.on('open', () => waiting.forEach((bytes) => server.send(bytes)));
    server?.on('message', (data: Buffer) => {
      const bytes = new Uint8Array(data);
      const next = this.toClient(decode(bytes), bytes);
      if (next) client.send(next);
    });
    server?.on('error', () => client.terminate());
    server?.on('close', (code) =>
      code >= 4000 || (code > 1003 && code < 1005) ? client.close(code) : client.terminate(),
    );
    client.on('close', () => server?.close());
  }
}
