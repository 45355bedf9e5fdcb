// Sounds for the operator: the ring of an offer in the left ear, and a short sign when it ends.

let context: AudioContext | null = null;

function audio(): AudioContext {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  return context;
}

function tone(frequency: number, from: number, length: number, volume: number): void {
  const ctx = audio();
  const source = ctx.createOscillator();
  const gain = ctx.createGain();
  const side = ctx.createStereoPanner();
  const start = ctx.currentTime + from;
  source.frequency.value = frequency;
  side.pan.value = -1;
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(volume, start + 0.02);
  gain.gain.setValueAtTime(volume, start + length - 0.05);
  gain.gain.linearRampToValueAtTime(0, start + length);
  source.connect(gain).connect(side).connect(ctx.destination);
  source.start(start);
  source.stop(start + length);
}

export class Ringer {
  private timer: number | null = null;

  start(): void {
    if (this.timer !== null) return;
    const burst = (): void => {
      tone(450, 0, 0.4, 0.25);
      tone(520, 0.45, 0.4, 0.25);
    };
    burst();
    this.timer = window.setInterval(burst, 2000);
  }

  stop(): void {
    if (this.timer === null) return;
    window.clearInterval(this.timer);
    this.timer = null;
  }
}

/** One short low tone: the call is over. */
export function callOverTone(): void {
  tone(330, 0, 0.18, 0.2);
}
