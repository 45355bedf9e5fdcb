// A text field with a list of suggestions below it (the ARIA combobox pattern). Arrow keys move,
// Enter takes, Escape closes; the field is never left by itself.

import { fill, make } from "./dom";

export interface ComboOption {
  readonly value: string;
  readonly text: string;
  readonly hint: string;
  /** What typed words are compared with, in lower case. */
  readonly words: string;
}

interface Setup {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly placeholder: string;
  readonly none: string;
  readonly options: () => readonly ComboOption[];
  readonly changed: () => void;
}

const SHOWN = 40;

export class Combo {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  private readonly list: HTMLUListElement;
  private found: readonly ComboOption[] = [];
  private active = -1;
  private chosen = "";

  constructor(private readonly setup: Setup) {
    const listId = `${setup.id}-list`;
    this.input = make("input", {
      id: setup.id,
      attributes: {
        type: "text",
        name: setup.name,
        role: "combobox",
        autocomplete: "off",
        placeholder: setup.placeholder,
        "aria-expanded": "false",
        "aria-autocomplete": "list",
        "aria-controls": listId,
      },
    });
    this.list = make("ul", {
      id: listId,
      class: "combo-list",
      attributes: { role: "listbox", "aria-label": setup.label, hidden: "" },
    });
    this.element = make("div", { class: "combo" }, this.input, this.list);
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("click", () => this.open(this.chosen === "" ? this.input.value : ""));
    this.input.addEventListener("blur", () => this.leave());
  }

  get value(): string {
    return this.chosen;
  }

  /** Choose by value without telling anybody; an unknown value empties the field. */
  set(value: string): void {
    const option = this.setup.options().find((each) => each.value === value);
    this.chosen = option === undefined ? "" : option.value;
    this.input.value = option === undefined ? "" : option.text;
  }

  private typed(): void {
    if (this.chosen !== "") {
      this.chosen = "";
      this.setup.changed();
    }
    this.open(this.input.value);
  }

  private open(query: string): void {
    const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
    this.found = this.setup
      .options()
      .filter((option) => words.every((word) => option.words.includes(word)))
      .slice(0, SHOWN);
    this.active = this.found.length > 0 && query !== "" ? 0 : -1;
    this.draw();
  }

  private draw(): void {
    const lines = this.found.map((option, index) => {
      const line = make(
        "li",
        {
          id: `${this.setup.id}-${index}`,
          attributes: { role: "option", "aria-selected": String(index === this.active) },
        },
        make("span", {}, option.text),
        option.hint === "" ? null : make("span", { class: "hint" }, option.hint),
      );
      // The button goes down before the field loses the focus; a click would come too late.
      line.addEventListener("mousedown", (event) => {
        event.preventDefault();
        this.take(option);
      });
      return line;
    });
    const none = make("li", { class: "hint", attributes: { role: "presentation" } }, this.setup.none);
    fill(this.list, ...(lines.length > 0 ? lines : [none]));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark();
  }

  private mark(): void {
    this.list.querySelectorAll('[role="option"]').forEach((line, index) => {
      line.setAttribute("aria-selected", String(index === this.active));
      if (index === this.active) line.scrollIntoView({ block: "nearest" });
    });
    if (this.active < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `${this.setup.id}-${this.active}`);
  }

  private close(): void {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) this.open(this.chosen === "" ? this.input.value : "");
      else this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !this.list.hidden) {
      event.preventDefault();
      const option = this.found[this.active];
      if (option !== undefined) this.take(option);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    }
  }

  private move(step: number): void {
    if (this.found.length === 0) return;
    this.active = (this.active + step + this.found.length) % this.found.length;
    this.mark();
  }

  private take(option: ComboOption): void {
    this.chosen = option.value;
    this.input.value = option.text;
    this.close();
    this.setup.changed();
  }

  /** Words that were not chosen mean nothing: take the only fitting option, or leave them to see. */
  private leave(): void {
    const only = this.found.length === 1 && this.input.value !== "" ? this.found[0] : undefined;
    if (!this.list.hidden && this.chosen === "" && only !== undefined) this.take(only);
    else this.close();
  }
}
