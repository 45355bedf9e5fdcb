// Parts of forms: a label, its control, a hint and an error that belong together.

import { fill, make } from "./dom";

export interface Field {
  readonly element: HTMLElement;
  readonly control: HTMLElement;
  fail(message: string): void;
  clear(): void;
}

/** A field around `control`; the error stands below it and is read with it. */
export function field(
  control: HTMLElement,
  focus: HTMLElement,
  label: string,
  className: string,
  hint = "",
): Field {
  const id = focus.id;
  const error = make("p", { class: "field-error", id: `${id}-error`, attributes: { hidden: "" } });
  const note = hint === "" ? null : make("p", { class: "hint", id: `${id}-hint` }, hint);
  const element = make(
    "div",
    { class: `field ${className}` },
    make("label", { attributes: { for: id } }, label),
    control,
    note,
    error,
  );
  const describe = (...ids: string[]): void => {
    if (ids.length === 0) focus.removeAttribute("aria-describedby");
    else focus.setAttribute("aria-describedby", ids.join(" "));
  };
  const hints = note === null ? [] : [note.id];
  describe(...hints);
  return {
    element,
    control: focus,
    fail(message: string): void {
      fill(
        error,
        make("span", { class: "shape shape-danger", attributes: { "aria-hidden": "true" } }),
        message,
      );
      error.hidden = false;
      element.classList.add("has-error");
      focus.setAttribute("aria-invalid", "true");
      // What is wrong is read first: few screen readers know `aria-errormessage`.
      describe(error.id, ...hints);
    },
    clear(): void {
      error.hidden = true;
      element.classList.remove("has-error");
      focus.removeAttribute("aria-invalid");
      describe(...hints);
    },
  };
}

export function textInput(id: string, name: string, maxLength: number): HTMLInputElement {
  return make("input", {
    id,
    attributes: { type: "text", name, maxlength: String(maxLength), autocomplete: "off" },
  });
}

export function textArea(id: string, name: string, rows: number, maxLength: number): HTMLTextAreaElement {
  return make("textarea", {
    id,
    attributes: { name, rows: String(rows), maxlength: String(maxLength) },
  });
}

export function choice(
  id: string,
  name: string,
  options: readonly (readonly [string, string])[],
): HTMLSelectElement {
  return make(
    "select",
    { id, attributes: { name } },
    ...options.map(([value, text]) => make("option", { attributes: { value } }, text)),
  );
}

export function radioRow(
  name: string,
  legend: string,
  options: readonly (readonly [string, string])[],
): HTMLFieldSetElement {
  return make(
    "fieldset",
    { class: "choice-row" },
    make("legend", { class: "visually-hidden" }, legend),
    make("span", { class: "row-label", attributes: { "aria-hidden": "true" } }, legend),
    ...options.map(([value, text]) =>
      make("label", {}, make("input", { attributes: { type: "radio", name, value } }), text),
    ),
  );
}

export function checkBox(id: string, name: string, text: string): HTMLElement {
  return make(
    "div",
    { class: "field check" },
    make("input", { id, attributes: { type: "checkbox", name, value: "1" } }),
    make("label", { attributes: { for: id } }, text),
  );
}
