/**
 * The other tabs of this browser that have the same plan of the same person open.
 *
 * In: updates made here. Out: updates made there. What is always true: what comes from another tab is applied and never
 * sent on to the server, so an edit goes out once, by the tab that made it.
 *
 * Each tab has a socket of its own. A leader that holds the only one would save the server a connection, but browsers
 * freeze and throttle tabs in the background, the leader too, and then every tab would wait for it. Edits of a tab that
 * closes before they are acknowledged stay in the common store, from where another tab takes them on (see `plan.ts`).
 */

/** Says what a tab has to another. */
type Message = { say: 'update'; update: Uint8Array } | { say: 'hello'; since: Uint8Array };

/** What tabs tell each other with; a `BroadcastChannel` is one. */
export interface Channel {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** What a tab does for the others. */
export interface TabsHost {
  /** Applies what another tab has made. */
  apply(update: Uint8Array): void;
  /** What a tab with this state vector lacks. */
  difference(since: Uint8Array): Uint8Array;
}

/** The channel to the other tabs. */
export class Tabs {
  private readonly channel: Channel | undefined;

  /** Joins the tabs of this name; alone where the browser has no channels. */
  constructor(
    name: string,
    host: TabsHost,
    open: ((name: string) => Channel) | undefined = globalThis.BroadcastChannel &&
      ((each) => new BroadcastChannel(each)),
  ) {
    try {
      this.channel = open?.(`plansync:${name}`);
    } catch {
      this.channel = undefined;
    }
    if (!this.channel) return;
    this.channel.onmessage = (event: MessageEvent<Message>) => {
      const message = event.data;
      if (message.say === 'update') host.apply(message.update);
      else if (message.say === 'hello') this.say({ say: 'update', update: host.difference(message.since) });
    };
  }

  /** Asks for what the others have beyond this state vector. */
  hello(since: Uint8Array): void {
    this.say({ say: 'hello', since });
  }

  /** Tells the others what was made here. */
  made(update: Uint8Array): void {
    this.say({ say: 'update', update });
  }

  /** Leaves. */
  close(): void {
    this.channel?.close();
  }

  private say(message: Message): void {
    try {
      this.channel?.postMessage(message);
    } catch {
      // A closed channel has nobody to tell.
    }
  }
}
