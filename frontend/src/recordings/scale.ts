// The time below the waveform: a mark at every round step.

import { fill, make } from "../shared/dom";
import { duration } from "../shared/time";

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600] as const;
const MOST_MARKS = 10;

/** The moments to mark, in seconds, from the beginning; the end is marked by its own. */
export function marks(total: number): number[] {
  const step = STEPS_S.find((each) => total / each <= MOST_MARKS) ?? 3600;
  const found: number[] = [];
  // A mark too near to the end would run into what stands there.
  for (let at = 0; at < total - step / 2; at += step) found.push(at);
  return found;
}

export function drawScale(scale: HTMLElement, total: number): void {
  const mark = (at: number): HTMLElement => {
    const made = make("span", {}, duration(at));
    made.style.insetInlineStart = `${(at / Math.max(total, 1)) * 100}%`;
    return made;
  };
  const end = make("span", { class: "end" }, duration(total));
  fill(scale, ...marks(total).map(mark), end);
}
