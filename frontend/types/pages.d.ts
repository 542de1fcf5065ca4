/**
 * Types of what Petri's scripts put on every page, for `make js` and for editors. Nothing here is shipped to participants.
 */

/** An element that a page's own script finds by its id: HTML and script belong together, so the script knows its kind. */
type PagePart = HTMLElement &
  Pick<HTMLInputElement, "disabled" | "value" | "checked" | "required" | "name"> &
  Pick<HTMLFormElement, "action" | "elements" | "reset"> &
  Pick<HTMLAnchorElement, "href"> &
  Pick<HTMLCanvasElement, "getContext" | "width" | "height">;

/** An answer of the experiment, or a record in it: authors' own routes add fields that no type can know. */
type Answer = any;

interface Rejection extends Error {
  route?: string;
  method?: string;
  data?: unknown;
  status: number;
  isPassing: boolean;
  errorCode: string;
  errorType: string;
  errorText: string;
  html: string;
  /** What the server answered. */
  answer: Answer;
}

/** What requests return: jQuery's promise, whose `done` gets the answer and whose `fail` gets a Rejection. */
interface Asked {
  done(act: (answer: Answer) => unknown): Asked;
  fail(act: (rejection: Rejection) => unknown): Asked;
  always(act: () => unknown): Asked;
  then(onDone: (answer: Answer) => any, onFail?: (rejection: Rejection) => any): Asked;
  catch(onFail: (rejection: Rejection) => any): Asked;
  promise(): Asked;
  state(): "pending" | "resolved" | "rejected";
}

interface Identity {
  participantId?: number;
  recruiter?: string;
  hitId?: string;
  assignmentId?: string;
  workerId?: string;
  mode?: string;
  fingerprintHash?: string;
  entryInformation?: Record<string, string>;
  readonly uniqueId: string;
  initialize(): void;
}

interface Waiting {
  kind: "person" | "crowd" | "line";
  since: number;
}

interface Dallinger {
  preventExit: boolean;
  skip_experiment: boolean;
  identity: Identity;
  storage: {
    available: boolean;
    get(key: string): any;
    set(key: string, value: unknown): void;
    all(): Record<string, unknown>;
  };
  waiting: Waiting | null;
  hasResumed: boolean;
  AjaxRejection: any;
  BusyForm: any;

  get(route: string, data?: object): Asked;
  post(route: string, data?: object): Asked;
  postAndLeave(route: string, data?: object): void;
  getExperimentProperty(name: string): Asked;
  getInfo(nodeId: number, infoId: number): Asked;
  getInfos(nodeId: number): Asked;
  getReceivedInfos(nodeId: number): Asked;
  getTransmissions(nodeId: number, data?: object): Asked;

  createParticipant(): Asked;
  loadParticipant(assignmentId: string): Asked;
  createAgent(): Asked;
  createInfo(nodeId: number, data: object): Asked;
  submitQuestionnaire(name?: string): Asked;
  submitAssignment(): Asked;
  recordConsent(time: string, hash: string, more?: { bots?: boolean }): void;
  enterAgain(): Promise<boolean>;
  leaveIfEnded(): Promise<boolean>;
  waitForQuorum(): Asked;
  updateProgressBar(value: number, total: number): void;
  lookAround(): Asked;
  sayGoodbye(why: "waiting" | "group"): void;
  socketAddress(channels: string[], participantId?: number): string;
  headersFor(address: string | URL): Record<string, string>;

  getUrlParameter(name: string): string | true | null;
  addressOf(page: string): string;
  goToPage(page: string): void;
  allowExit(): void;
  allowExitOnce(): void;
  error(rejection?: Partial<Rejection>): void;
  problem(): { error_type?: string; error_text?: string; request_data?: string };
  tellIncomplete(): void;
  money(amount: number | string): string;
  hasAdBlocker(callback: () => unknown): void;
  missingFingerprint(): boolean;
}

/** Unfinished work at one step, kept over a reload. */
interface Draft {
  readonly seen: boolean;
  readonly value: any;
  markSeen(): void;
  keep(value: unknown): void;
  follow(field: PagePart | HTMLInputElement | HTMLTextAreaElement): void;
  followForm(form: HTMLFormElement | PagePart): void;
  clear(): void;
}

interface PetriChannel {
  readonly name: string;
  readonly participantId: number;
  readonly state: "connecting" | "open" | "lost" | "refused" | "closed";
  on(event: "open", act: (how: { again: boolean }) => unknown): PetriChannel;
  on(event: "message", act: (data: any, from: { own: boolean }) => unknown): PetriChannel;
  on(event: "state", act: (state: string) => unknown): PetriChannel;
  on(event: "error", act: (error: Error & { errorCode: string }) => unknown): PetriChannel;
  on(event: "beat", act: () => unknown): PetriChannel;
  send(data: object | string, options?: { onlyNow?: boolean }): boolean;
  close(): void;
}

/** What GET and POST `/page` answer. */
interface StudyPage {
  serial: number;
  page: string;
  path: string;
  kind: "page" | "wait" | "chat" | "live" | "trials" | "embed" | "session" | "end";
  html: string;
  items: Record<string, Record<string, any>>;
  title: string;
  button: string | null;
  language: string;
  direction: "ltr" | "rtl";
  seconds_left: number | null;
  min_seconds: number;
  progress: number | null;
  preload: string[];
  script: string | null;
  data: any;
  exit: string | null;
  poll_seconds?: number;
  arrived?: string;
  doorbell?: boolean;
  /** In how many seconds to ask again whether the next session is open. */
  opens_in?: number | null;
  stale?: boolean;
  /** What a page of a book needs to navigate. */
  book?: Record<string, any>;
  /** Whether the page keeps an event log: false for none, true also for what happens before the page is closed. */
  log?: boolean;
}

/** What a page's own script gets: its default export is called each time the page is shown. */
interface StudyScript {
  page: StudyPage;
  data: any;
  element: HTMLElement;
  signal: AbortSignal;
  answer(name: string | Record<string, unknown>, value?: unknown): void;
  submit(): void;
}

interface PetriStudy {
  readonly current: StudyPage | null;
  refresh(): Asked | null;
  submit(): void;
  /** Goes to another page by a route of its own, such as `/page/open`, without answering this one. */
  move(route: string, fields: object): void;
  /** Loads a script once; fails when it can't be loaded. */
  loadScript(address: string): Promise<unknown>;
  /** Shows the annotations of a page of a book, and returns what ends them: `petri-annotations.js`. */
  annotate?(page: StudyPage): () => void;
  answer(name: string | Record<string, unknown>, value?: unknown): void;
  /** What an item does before its answer is read, by kind. */
  preparers: Record<string, (item: HTMLElement) => Promise<unknown> | undefined>;
  readers: Record<string, (item: HTMLElement) => unknown>;
  enhancers: Record<string, (item: HTMLElement, rules: Record<string, any>, page: StudyPage) => unknown>;
  enhance(root: HTMLElement, page: StudyPage): void;
  readAll(root: HTMLElement): Record<string, unknown>;
  isBlank(value: unknown): boolean;
  problem(rules: Record<string, any>, value: unknown): string | null;
  problems(items: Record<string, Record<string, any>>, answers: Record<string, unknown>): Record<string, string>;
  text(english: string, values?: Record<string, unknown>): string;
  speak(language: string): Promise<void>;
  translate(root: Document | HTMLElement): void;
  countdown(deadline: number, atEnd: () => unknown): () => void;
  holdBack(button: HTMLElement, seconds: number): () => void;
  inTime<T>(loading: Promise<T>): Promise<T | undefined>;
  preload(addresses: string[]): Promise<number>;
  inMinutes(seconds: number): string;
  showLocalTimes(root: HTMLElement, language: string): void;
  events: { begin(page: StudyPage): void; collected(): object[]; sent(): void };
}

/** Messages between the page of a live element or a chat and the study: `petri-live.js`. */
interface PetriLive {
  /** Resolves with whether the page was still due; rejects with what the server says is wrong. */
  send(message: object): Promise<boolean>;
  on(event: "message" | "snapshot", act: (data: any) => unknown, signal?: AbortSignal): PetriLive;
}

interface Petri {
  study: PetriStudy;
  live: PetriLive;
  /** The debug bar, in pages of `petri debug` alone. */
  debug?: { fill(): unknown; readonly state: Record<string, any> | null };
  log(event: string, act?: string, item?: string, at?: number): void;
  draft(step: string | number): Draft;
  channel(name: string, options?: { participantId?: number }): PetriChannel;
  finished(): void;
  /** Whether a socket of this page is open. */
  hasSocket(): boolean;
  /** Messages of the people who run the study. */
  messages: { look(): void };
  ChannelError: any;
  timing: Record<string, number>;
  /** Parts without side effects, for tests. */
  internals: Record<string, any>;
}

interface Window {
  /** A format of moments in the time zone that the reader of the dashboard prefers. */
  petriTimeFormat(parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat;
  /** Requests of the pages with uploads; set by frontend/dashboard/js/uploads.js. */
  petriUploads: {
    send(form: HTMLFormElement, fields: Record<string, string | number>): Promise<Response>;
    ask(form: HTMLFormElement, fields: Record<string, string | number>): Promise<any>;
    sha256(file: Blob): Promise<string>;
    transfer(
      form: HTMLFormElement,
      begun: { id: string; url: string; fields: Record<string, string> },
      file: File,
      facts: Record<string, string | number>,
      progress: (share: number) => void,
    ): Promise<any>;
  };
  dallinger: Dallinger;
  petri: Petri;
  petriConsent: { sha256(content: string | Uint8Array): string; shownText(): string };
  store: any;
  $: any;
  /** Older experiments' waiting rooms define it. */
  getQuorum?: () => void;
  quorum?: number;
  /** The library of charts, on the dashboard only. */
  uPlot: new (options: any, data: any[], place: Element) => any;
}

declare const dallinger: Dallinger;
declare const petri: Petri;

/** What the pages of Petri tell each other by events. */
interface DocumentEventMap {
  "petri:page": CustomEvent<StudyPage>;
  "petri:doorbell": CustomEvent<any>;
  "petri:live": CustomEvent<any>;
  "petri:snapshot": CustomEvent<any>;
  "petri:news": CustomEvent<any>;
  "petri:message": CustomEvent<{ operator_message: number; is_to_all?: boolean }>;
  "petri:progress": CustomEvent<{ value: number; total: number }>;
  "petri:line": CustomEvent<{ isLost: boolean }>;
  "petri:waiting": CustomEvent<void>;
  "petri:resumed": CustomEvent<void>;
}
