// The telephone in the browser: registration, one call at a time, hold, mute, digits. JsSIP does
// the SIP; nothing else in the pages knows it.

import { C, UA, WebSocketInterface } from "jssip";
import { t } from "./i18n";

type Session = ReturnType<UA["call"]>;

export interface PhoneAccess {
  readonly websocket_url: string;
  readonly endpoint: string;
  readonly password: string;
  readonly realm: string;
}

export type Registration = "off" | "connecting" | "registered" | "failed";
export type CallPhase = "none" | "ringing" | "calling" | "connecting" | "talking";

export interface SoftphoneEvents {
  registration(state: Registration, detail: string): void;
  /** The phase of the one call; `offerId` is the header that the platform put on it. */
  call(phase: CallPhase, offerId: string): void;
  /** Hold and mute as they are now. */
  switches(onHold: boolean, muted: boolean): void;
  /** A sentence for the person: no microphone, refused, no route. */
  trouble(message: string): void;
}

/** Candidates after this long are not waited for: everything is on one network. */
const GATHERING_MS = 500;
const REGISTER_S = 60;
const NO_SERVERS: RTCConfiguration = { iceServers: [] };

export class Softphone {
  private ua: UA | null = null;
  private session: Session | null = null;
  private phase: CallPhase = "none";
  private current: PhoneAccess | null = null;

  constructor(
    private readonly speaker: HTMLAudioElement,
    private readonly events: SoftphoneEvents,
    private readonly registers: boolean,
  ) {}

  /** Become the phone described by `access`; one that is it already takes its place again. */
  start(access: PhoneAccess): void {
    if (this.ua !== null && this.current !== null && sameAccess(this.current, access)) {
      if (this.registers && !this.ua.isRegistered()) this.ua.register();
      return;
    }
    this.stop();
    this.current = access;
    const ua = new UA({
      sockets: [new WebSocketInterface(access.websocket_url)],
      uri: `sip:${access.endpoint}@${access.realm}`,
      password: access.password,
      register: this.registers,
      register_expires: REGISTER_S,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 5,
      user_agent: "Hotline softphone",
    });
    this.ua = ua;
    this.events.registration("connecting", "");
    ua.on("connected", () => {
      if (!this.registers) this.events.registration("registered", "");
    });
    ua.on("disconnected", () => this.events.registration("connecting", ""));
    ua.on("registered", () => this.events.registration("registered", ""));
    ua.on("unregistered", () => this.events.registration("connecting", ""));
    ua.on("registrationFailed", (event: { cause?: string }) =>
      this.events.registration("failed", event.cause ?? ""),
    );
    ua.on("newRTCSession", (event: { originator: string; session: Session; request: unknown }) => {
      if (event.originator === "remote") this.incoming(event.session, event.request);
    });
    ua.start();
  }

  /** Leave the phone; a call in hand ends. */
  stop(): void {
    this.ua?.stop();
    this.ua = null;
    this.current = null;
    this.session = null;
    this.setPhase("none", "");
    this.events.registration("off", "");
  }

  /** Give the phone's place to another window; a call in hand goes on here until it ends. */
  yieldPlace(): void {
    if (this.session === null) this.stop();
    else this.ua?.unregister();
  }

  get callPhase(): CallPhase {
    return this.phase;
  }

  answer(): void {
    if (this.phase !== "ringing" || this.session === null) return;
    this.setPhase("connecting", "");
    this.session.answer({
      mediaConstraints: { audio: true, video: false },
      pcConfig: NO_SERVERS,
    });
  }

  /** Call `number`; the citizen's number goes as the display name. */
  dial(number: string, displayName: string): void {
    if (this.ua === null || this.current === null || this.session !== null) return;
    const session = this.ua.call(`sip:${number}@${this.current.realm}`, {
      mediaConstraints: { audio: true, video: false },
      pcConfig: NO_SERVERS,
      ...(displayName === "" ? {} : { fromDisplayName: displayName }),
    }) as Session;
    this.follow(session);
    this.setPhase("calling", "");
  }

  hangUp(): void {
    if (this.session !== null && !this.session.isEnded()) this.session.terminate();
  }

  /** Refuse the ringing call: 486, which the platform reads as declined. */
  refuse(): void {
    if (this.phase === "ringing") this.session?.terminate({ status_code: 486 });
  }

  toggleHold(): void {
    if (this.phase !== "talking" || this.session === null) return;
    if (this.session.isOnHold().local) this.session.unhold();
    else this.session.hold();
  }

  toggleMute(): void {
    if (this.phase !== "talking" || this.session === null) return;
    if (this.session.isMuted().audio === true) this.session.unmute({ audio: true });
    else this.session.mute({ audio: true });
  }

  sendDigit(digit: string): void {
    if (this.phase !== "talking") return;
    this.session?.sendDTMF(digit, { transportType: C.DTMF_TRANSPORT.RFC2833 });
  }

  private incoming(session: Session, request: unknown): void {
    if (this.session !== null && !this.session.isEnded()) {
      session.terminate({ status_code: 486 });
      return;
    }
    this.follow(session);
    this.setPhase("ringing", header(request, "X-Hotline-Offer"));
  }

  private follow(session: Session): void {
    this.session = session;
    const over = (event: { cause?: string; originator?: string }): void => {
      if (this.session !== session) return;
      this.session = null;
      this.speaker.srcObject = null;
      const sentence = failureSentence(event.cause ?? "");
      if (sentence !== null) this.events.trouble(sentence);
      this.setPhase("none", "");
      this.events.switches(false, false);
    };
    const report = (): void => {
      if (this.session !== session) return;
      this.events.switches(session.isOnHold().local, session.isMuted().audio === true);
    };
    session.on("accepted", () => this.setPhase("connecting", ""));
    session.on("confirmed", () => this.setPhase("talking", ""));
    session.on("ended", over);
    session.on("failed", over);
    session.on("hold", report);
    session.on("unhold", report);
    session.on("muted", report);
    session.on("unmuted", report);
    session.on("getusermediafailed", (error: unknown) =>
      this.events.trouble(microphoneSentence(error)),
    );
    let gathering: number | null = null;
    session.on("icecandidate", (event) => {
      gathering ??= window.setTimeout(() => event.ready(), GATHERING_MS);
    });
    session.on("peerconnection", (event) => this.listen(event.peerconnection));
    // An outgoing call has its connection already; the event came before anybody could hear it.
    const connection = session.connection as RTCPeerConnection | null;
    if (connection !== null) this.listen(connection);
  }

  private listen(connection: RTCPeerConnection): void {
    connection.addEventListener("track", (event) => {
      this.speaker.srcObject = event.streams[0] ?? new MediaStream([event.track]);
      this.speaker.play().catch(() => this.events.trouble(t("浏览器未能播放声音，请点击页面后重试")));
    });
  }

  private setPhase(phase: CallPhase, offerId: string): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.events.call(phase, offerId);
  }
}

/** Ask for the microphone now, so that the first call need not. Returns a sentence, or null. */
export async function microphoneTrouble(): Promise<string | null> {
  if (navigator.mediaDevices === undefined) {
    return t("此浏览器不能使用麦克风，请改用话机或更换浏览器");
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
    return null;
  } catch (error) {
    return microphoneSentence(error);
  }
}

function microphoneSentence(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return t("浏览器没有获准使用麦克风，请点击地址栏左侧的图标，选择允许");
    case "NotFoundError":
    case "OverconstrainedError":
      return t("没有找到麦克风，请检查耳麦是否插好");
    case "NotReadableError":
      return t("麦克风正被其他程序占用，请关闭该程序后重试");
    default:
      return t("麦克风无法使用，请检查耳麦");
  }
}

function failureSentence(cause: string): string | null {
  switch (cause) {
    case "WebRTC Error":
    case "Incompatible SDP":
    case "Missing SDP":
    case "Bad Media Description":
      return t("声音通道建立失败，请重试；多次失败请报告值班长");
    case "Connection Error":
    case "Request Timeout":
    case "Internal Error":
      return t("话机与电话系统的连接中断，正在重新连接");
    case "RTP Timeout":
      return t("长时间没有声音，通话已结束");
    default:
      return null;
  }
}

function header(request: unknown, name: string): string {
  const reader = request as { getHeader?: (name: string) => string | undefined };
  return reader.getHeader?.(name) ?? "";
}

function sameAccess(a: PhoneAccess, b: PhoneAccess): boolean {
  return (
    a.websocket_url === b.websocket_url && a.endpoint === b.endpoint && a.password === b.password
  );
}
