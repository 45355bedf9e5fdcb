// The player of one recording: waveform, keys, speed, sides. Each playback is noted by the server.

import { need, setText } from "../shared/dom";
import { getJson, HttpError, sendJson } from "../shared/http";
import { loadCatalogue, t } from "../shared/i18n";
import { duration } from "../shared/time";
import { SideMixer, type Side } from "../recordings/sides";
import { drawScale } from "../recordings/scale";
import { draw, type Colours, type Peaks } from "../recordings/waveform";

const JUMP_S = 5;

await loadCatalogue();

const player = need("player", HTMLElement);
const wave = need("wave", HTMLDivElement);
const canvas = need("wave-canvas", HTMLCanvasElement);
const audio = need("audio", HTMLAudioElement);
const play = need("play", HTMLButtonElement);
const time = need("time", HTMLOutputElement);
const speed = need("speed", HTMLSelectElement);
const side = need("side", HTMLSelectElement);
const trouble = need("player-error", HTMLParagraphElement);
const names = player.querySelectorAll<HTMLElement>(".wave-names span");
const callId = player.dataset["call"] ?? "";
const total = Number(player.dataset["duration"] ?? "0");
const address = `/api/recordings/${encodeURIComponent(callId)}`;
const mixer = new SideMixer(audio);

let peaks: Peaks | null = null;
/** Where to begin once the browser has read the file's head; null when it knows already. */
let pending: number | null = 0;

function position(): number {
  return pending ?? audio.currentTime;
}

function colours(): Colours {
  const of = (element: Element | undefined): string =>
    getComputedStyle(element ?? wave).color;
  return { caller: of(names[0]), operator: of(names[1]), cursor: of(wave) };
}

function show(): void {
  const now = Math.min(position(), total);
  draw(canvas, peaks, total > 0 ? now / total : 0, colours());
  setText(time, `${duration(now)} / ${duration(total)}`);
  wave.setAttribute("aria-valuenow", String(Math.floor(now)));
  wave.setAttribute("aria-valuetext", `${duration(now)} / ${duration(total)}`);
  setText(play, audio.paused ? t("播放") : t("暂停"));
}

function seek(to: number): void {
  const wanted = Math.min(Math.max(to, 0), total);
  if (audio.readyState === HTMLMediaElement.HAVE_NOTHING) pending = wanted;
  else audio.currentTime = wanted;
  show();
}

function complain(text: string): void {
  trouble.hidden = text === "";
  setText(trouble, text);
}

async function toggle(): Promise<void> {
  if (!audio.paused) {
    audio.pause();
    return;
  }
  complain("");
  try {
    await mixer.wake();
    await audio.play();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    complain(t("录音无法播放，请刷新页面后重试"));
  }
}

function changeSpeed(step: number): void {
  const next = speed.selectedIndex + step;
  if (next < 0 || next >= speed.options.length) return;
  speed.selectedIndex = next;
  audio.playbackRate = Number(speed.value);
}

function secondAt(event: PointerEvent): number {
  const box = wave.getBoundingClientRect();
  return ((event.clientX - box.left) / box.width) * total;
}

const keys: Readonly<Record<string, () => void>> = {
  " ": () => void toggle(),
  ArrowLeft: () => seek(position() - JUMP_S),
  ArrowRight: () => seek(position() + JUMP_S),
  Home: () => seek(0),
  End: () => seek(total),
  "<": () => changeSpeed(-1),
  ">": () => changeSpeed(1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const target = event.target instanceof Element ? event.target : null;
  // A control with the focus keeps its own keys.
  if (target?.closest("input, textarea, select") != null) return;
  if (event.key === " " && target?.closest("button, a") != null) return;
  const action = keys[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
});

wave.addEventListener("pointerdown", (event) => {
  wave.setPointerCapture(event.pointerId);
  wave.focus();
  seek(secondAt(event));
});
wave.addEventListener("pointermove", (event) => {
  if (wave.hasPointerCapture(event.pointerId)) seek(secondAt(event));
});

play.addEventListener("click", () => void toggle());
need("back", HTMLButtonElement).addEventListener("click", () => seek(position() - JUMP_S));
need("forward", HTMLButtonElement).addEventListener("click", () => seek(position() + JUMP_S));
for (const said of document.querySelectorAll<HTMLButtonElement>("button.utterance")) {
  said.addEventListener("click", () => seek(Number(said.dataset["from"])));
}
speed.addEventListener("change", () => (audio.playbackRate = Number(speed.value)));
side.addEventListener("change", () => mixer.choose(side.value as Side));

audio.addEventListener("loadedmetadata", () => {
  if (pending !== null && pending > 0) audio.currentTime = pending;
  pending = null;
  audio.playbackRate = Number(speed.value);
});
audio.addEventListener("play", () => {
  const note = { from_s: position() };
  sendJson<null>("POST", `${address}/played`, note).catch((error: unknown) => {
    // What cannot be noted must not be heard.
    audio.pause();
    complain(error instanceof HttpError ? error.message : t("录音无法播放，请刷新页面后重试"));
  });
  requestAnimationFrame(follow);
});
for (const name of ["pause", "ended", "seeked", "timeupdate"] as const) {
  audio.addEventListener(name, show);
}
audio.addEventListener("error", () => complain(t("录音无法播放，请刷新页面后重试")));

function follow(): void {
  show();
  if (!audio.paused) requestAnimationFrame(follow);
}

new ResizeObserver(show).observe(wave);
new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

try {
  peaks = await getJson<Peaks>(`${address}/peaks`);
} catch (error) {
  complain(error instanceof HttpError ? error.message : t("波形无法显示"));
}
drawScale(need("wave-scale", HTMLDivElement), total);
show();
