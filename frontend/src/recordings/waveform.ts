// The drawing of a recording: the citizen above, the operator below, what was heard in full colour.

export interface Peaks {
  readonly window_ms: number;
  readonly duration_s: number;
  readonly caller: readonly number[];
  readonly operator: readonly number[];
}

export interface Colours {
  readonly caller: string;
  readonly operator: string;
  readonly cursor: string;
}

const FULL_SCALE = 255;
const UNHEARD = 0.6;
const LEAST_PX = 1;

/** The loudest value of each of `columns` equal parts; quiet speech is lifted to be seen. */
export function columnHeights(peaks: readonly number[], columns: number): number[] {
  const heights: number[] = [];
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * peaks.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * peaks.length) / columns));
    let loudest = 0;
    for (let index = from; index < to; index++) loudest = Math.max(loudest, peaks[index] ?? 0);
    heights.push(Math.sqrt(loudest / FULL_SCALE));
  }
  return heights;
}

/** Draw both sides on the whole canvas; `played` is 0..1. */
export function draw(
  canvas: HTMLCanvasElement,
  peaks: Peaks | null,
  played: number,
  colours: Colours,
): void {
  const scale = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(canvas.clientWidth * scale));
  const height = Math.max(1, Math.round(canvas.clientHeight * scale));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  pen.clearRect(0, 0, width, height);
  const lane = height / 2;
  const heard = Math.round(played * width);
  if (peaks !== null) {
    drawLane(pen, peaks.caller, width, 0, lane, heard, colours.caller);
    drawLane(pen, peaks.operator, width, lane, lane, heard, colours.operator);
  }
  pen.globalAlpha = 1;
  pen.fillStyle = colours.cursor;
  pen.fillRect(Math.min(heard, width - 2 * scale), 0, 2 * scale, height);
}

function drawLane(
  pen: CanvasRenderingContext2D,
  peaks: readonly number[],
  width: number,
  top: number,
  lane: number,
  heard: number,
  colour: string,
): void {
  const middle = top + lane / 2;
  pen.fillStyle = colour;
  columnHeights(peaks, width).forEach((loudness, x) => {
    const tall = Math.max(LEAST_PX, loudness * lane * 0.9);
    pen.globalAlpha = x < heard ? 1 : UNHEARD;
    pen.fillRect(x, middle - tall / 2, 1, tall);
  });
}
