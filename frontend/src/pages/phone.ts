// The citizen's telephone in the browser: dial, talk, press keys, hang up.

import { need, setText } from "../shared/dom";
import { getJson, HttpError } from "../shared/http";
import { loadCatalogue, t } from "../shared/i18n";
import { microphoneTrouble, Softphone, type CallPhase, type PhoneAccess } from "../shared/softphone";
import { duration } from "../shared/time";

await loadCatalogue();

const word = need("phone-word", HTMLParagraphElement);
const timer = need("phone-timer", HTMLParagraphElement);
const message = need("phone-message", HTMLParagraphElement);
const from = need("from-number", HTMLSelectElement);
const to = need("to-number", HTMLInputElement);
const dial = need("dial", HTMLButtonElement);
const hangUp = need("hang-up", HTMLButtonElement);
const mute = need("phone-mute", HTMLButtonElement);
const digits = [...document.querySelectorAll<HTMLButtonElement>("[data-digit]")];

let ready = false;
let phase: CallPhase = "none";
let talkingSince: number | null = null;

const phone = new Softphone(
  need("phone-speaker", HTMLAudioElement),
  {
    registration: (state) => {
      ready = state === "registered";
      render();
    },
    call: (now) => {
      if (now === "talking") talkingSince = Date.now();
      if (now === "none") talkingSince = null;
      phase = now;
      render();
    },
    switches: (_, muted) => mute.setAttribute("aria-pressed", String(muted)),
    trouble: (text) => setText(message, text),
  },
  false,
);

function render(): void {
  const free = phase === "none";
  dial.disabled = !ready || !free;
  hangUp.disabled = free;
  mute.disabled = phase !== "talking";
  from.disabled = !free;
  to.disabled = !free;
  for (const button of digits) button.disabled = phase !== "talking";
  setText(word, phaseWord());
  tick();
}

function phaseWord(): string {
  switch (phase) {
    case "none":
      return ready ? t("可以拨打") : t("正在连接电话系统");
    case "talking":
      return t("通话中");
    default:
      return t("正在呼叫");
  }
}

function tick(): void {
  setText(timer, talkingSince === null ? "0:00" : duration((Date.now() - talkingSince) / 1000));
}

async function call(): Promise<void> {
  setText(message, "");
  const number = to.value.replace(/[^\d]/g, "");
  if (number === "") {
    setText(message, t("请填写要拨打的号码"));
    to.focus();
    return;
  }
  const trouble = await microphoneTrouble();
  if (trouble !== null) {
    setText(message, trouble);
    return;
  }
  phone.dial(number, from.value);
}

dial.addEventListener("click", () => void call());
hangUp.addEventListener("click", () => phone.hangUp());
mute.addEventListener("click", () => phone.toggleMute());
for (const button of digits) {
  button.addEventListener("click", () => phone.sendDigit(button.dataset["digit"] ?? ""));
}
document.addEventListener("keydown", (event) => {
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey;
  if (phase === "talking" && plain && /^[0-9*#]$/.test(event.key)) phone.sendDigit(event.key);
});
window.setInterval(tick, 500);
render();

try {
  phone.start(await getJson<PhoneAccess>("/api/phone/access"));
} catch (error) {
  if (!(error instanceof HttpError)) throw error;
  setText(message, error.message);
}
