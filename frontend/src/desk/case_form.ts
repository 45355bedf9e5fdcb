// The form of a case: what the citizen said, and how it is settled. Values are plain strings by
// name, as the draft keeps them; the rules about them are the server's.

import { Combo } from "../shared/combo";
import { fill, make } from "../shared/dom";
import { checkBox, choice, field, radioRow, textArea, textInput, type Field } from "../shared/form";
import { t } from "../shared/i18n";
import type { Authorities, Category, FieldSpec, FormBook, Guess } from "./api";

export type Values = Readonly<Record<string, string>>;

export interface FormEvents {
  changed(): void;
  submit(): void;
  /** The description grew: look for a category and for articles. */
  described(text: string): void;
  /** Whom to suggest depends on these two. */
  placed(category: string, district: string): void;
}

const CONTENT = ["description", "address", "requester_name", "contact_number"] as const;
/** What the settlement itself needs, beside the fields of the form. */
const SETTLEMENT: Readonly<Record<string, readonly string[]>> = {
  dispatched: ["authority"],
  transferred_out: ["target", "reason"],
  withdrawn: ["reason"],
};

export class CaseForm {
  private readonly fields = new Map<string, Field>();
  private readonly body = make("fieldset", { class: "case-form case-body" });
  private readonly extras = make("div", { class: "case-form case-part" });
  private readonly settle = make("div", { class: "case-form case-part" });
  private readonly guesses = make("div", {
    class: "guesses",
    attributes: { role: "group", "aria-label": t("推荐分类") },
  });
  private readonly category: Combo;
  private readonly authority: Combo;
  private readonly extraValues = new Map<string, string>();
  private authorities: Authorities = { suggested: [], everybody: [] };
  private article = { id: "", title: "" };
  private answer = "";
  private target = "";
  private reason = "";

  constructor(
    private readonly root: HTMLFormElement,
    private readonly book: FormBook,
    private readonly events: FormEvents,
  ) {
    this.category = new Combo({
      id: "category",
      name: "category-words",
      label: t("诉求分类"),
      placeholder: t("输入几个字查找"),
      none: t("没有这个分类"),
      options: () => this.categoryOptions,
      changed: () => this.categoryChanged(true),
    });
    this.authority = new Combo({
      id: "authority",
      name: "authority-words",
      label: t("主办单位"),
      placeholder: t("输入单位名称查找"),
      none: t("没有这个单位"),
      options: () => this.authorityOptions(),
      changed: () => this.events.changed(),
    });
    this.build();
    root.addEventListener("input", (event) => this.typed(event.target));
    root.addEventListener("change", (event) => this.picked(event.target));
    root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.events.submit();
    });
    this.enable(false);
  }

  // --- values -----------------------------------------------------------------------------

  values(): Values {
    const found: Record<string, string> = {
      request_type: this.radio("request_type"),
      category: this.category.value,
      district: this.text("district"),
      urgency: this.text("urgency"),
      confidential: this.checked("confidential"),
      anonymous: this.checked("anonymous"),
      outcome: this.radio("outcome"),
    };
    for (const name of CONTENT) found[name] = this.text(name);
    for (const [name, value] of this.extraValues) found[name] = value;
    if (found["outcome"] === "answered") {
      found["article_id"] = this.article.id;
      found["answer"] = this.answer;
    }
    if (found["outcome"] === "dispatched") found["authority"] = this.authority.value;
    if (found["outcome"] === "transferred_out") found["target"] = this.target;
    if (found["outcome"] === "transferred_out" || found["outcome"] === "withdrawn") {
      found["reason"] = this.reason;
    }
    return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== ""));
  }

  show(values: Values): void {
    this.setRadio("request_type", values["request_type"] ?? "consult");
    for (const name of CONTENT) this.setText(name, values[name] ?? "");
    this.setText("district", values["district"] ?? "");
    this.setText("urgency", values["urgency"] ?? "normal");
    this.setChecked("confidential", values["confidential"] === "1");
    this.setChecked("anonymous", values["anonymous"] === "1");
    this.category.set(values["category"] ?? "");
    this.extraValues.clear();
    for (const spec of this.book.fields) {
      const value = values[spec.name];
      if (value !== undefined) this.extraValues.set(spec.name, value);
    }
    this.article = { id: values["article_id"] ?? "", title: "" };
    this.answer = values["answer"] ?? "";
    this.target = values["target"] ?? "";
    this.reason = values["reason"] ?? "";
    this.setRadio("outcome", values["outcome"] ?? "answered");
    this.clearErrors();
    this.drawExtras();
    this.drawSettlement();
    this.authority.set(values["authority"] ?? "");
    this.suggestCategories([]);
    this.events.placed(this.category.value, this.text("district"));
  }

  enable(on: boolean): void {
    this.body.disabled = !on;
  }

  get enabled(): boolean {
    return !this.body.disabled;
  }

  focusDescription(): void {
    this.control("description").focus();
  }

  description(): string {
    return this.text("description");
  }

  outcome(): string {
    return this.radio("outcome");
  }

  /** Answer from this article: outcome, article and words in one step. */
  useArticle(id: string, title: string, answer: string): void {
    this.article = { id, title };
    if (this.answer === "" || this.answer !== answer) this.answer = answer;
    this.setRadio("outcome", "answered");
    this.drawExtras();
    this.drawSettlement();
    this.settle.scrollIntoView({ block: "nearest" });
    this.events.changed();
  }

  /** Names of what is still missing, in the order of the form. */
  missing(): string[] {
    const values = this.values();
    const outcome = values["outcome"] ?? "answered";
    const wanted = [...(this.book.required[outcome] ?? [])];
    if (outcome === "dispatched" || outcome === "submitted") {
      wanted.push(...(this.categoryOf(this.category.value)?.required ?? []));
    }
    wanted.push(...(SETTLEMENT[outcome] ?? []));
    const missing = wanted.filter((name) => (values[name] ?? "").trim() === "");
    const answered = (values["article_id"] ?? "") !== "" || (values["answer"] ?? "").trim() !== "";
    if (outcome === "answered" && !answered) missing.push("answer");
    return missing;
  }

  /** What a field is called on this page. */
  label(name: string): string {
    const spec = this.book.fields.find((each) => each.name === name);
    if (spec !== undefined) return spec.label;
    switch (name) {
      case "category":
        return t("诉求分类");
      case "district":
        return t("所在区");
      case "address":
        return t("地址");
      case "description":
        return t("诉求内容");
      case "authority":
        return t("主办单位");
      case "answer":
        return t("答复内容");
      case "target":
        return t("转接号码");
      case "reason":
        return t("原因");
      case "contact_number":
        return t("联系电话");
      default:
        return name;
    }
  }

  fail(name: string, message: string): void {
    const found = this.fields.get(name);
    if (found === undefined) return;
    found.fail(message);
    found.control.focus();
  }

  clearErrors(): void {
    for (const each of this.fields.values()) each.clear();
  }

  // --- suggestions ------------------------------------------------------------------------

  suggestCategories(guesses: readonly Guess[]): void {
    const buttons = guesses
      .filter((guess) => guess.id !== this.category.value)
      .map((guess) =>
        make(
          "button",
          { attributes: { type: "button" }, click: () => this.takeCategory(guess.id) },
          guess.path.slice(-2).join(" › "),
        ),
      );
    fill(this.guesses, ...buttons);
  }

  /** Take the first guess while nothing was chosen. */
  guessCategory(id: string): void {
    if (this.category.value === "" && this.category.input.value === "") this.takeCategory(id);
  }

  knowAuthorities(found: Authorities): void {
    this.authorities = found;
    const first = found.suggested[0];
    if (this.authority.value === "" && first !== undefined) {
      this.authority.set(first.id);
      this.events.changed();
    }
  }

  // --- building ---------------------------------------------------------------------------

  private build(): void {
    const book = this.book;
    const description = textArea("description", "description", 3, 4000);
    const district = choice("district", "district", [
      ["", t("请选择")],
      ...book.districts.map((each) => [each.code, each.name] as const),
    ]);
    const coded = (each: { code: string; name: string }): readonly [string, string] => [
      each.code,
      each.name,
    ];
    const urgency = choice("urgency", "urgency", book.urgencies.map(coded));
    const types = radioRow("request_type", t("诉求类型"), book.request_types.map(coded));
    types.classList.add("three-quarters");
    const said = field(description, description, this.label("description"), "");
    said.element.querySelector("label")?.append(" ", make("kbd", {}, "Alt C"));
    const category = this.keep(
      "category",
      field(this.category.element, this.category.input, this.label("category"), "three-quarters"),
    );
    category.querySelector("label")?.after(this.guesses);
    const outcome = radioRow("outcome", t("处理方式"), [
      ["answered", t("直接答复")],
      ["dispatched", t("派单")],
      ["submitted", t("提交派单审核")],
      ["transferred_out", t("转其他热线")],
      ["withdrawn", t("诉求人撤回")],
    ]);
    fill(
      this.body,
      make("legend", { class: "visually-hidden" }, t("诉求登记")),
      types,
      this.keep("urgency", field(urgency, urgency, t("紧急程度"), "quarter inline")),
      this.keep("description", said),
      category,
      this.keep("district", field(district, district, this.label("district"), "quarter")),
      this.input("address", 200, "half"),
      this.input("requester_name", 60, "quarter"),
      this.input("contact_number", 32, "quarter"),
      outcome,
      this.extras,
      this.settle,
      make(
        "div",
        { class: "checks" },
        checkBox("confidential", "confidential", t("对承办单位保密")),
        checkBox("anonymous", "anonymous", t("不留姓名")),
      ),
    );
    fill(this.root, this.body);
    this.suggestCategories([]);
  }

  private input(name: string, maxLength: number, className: string): HTMLElement {
    const input = textInput(name, name, maxLength);
    const label = name === "requester_name" ? t("姓名") : this.label(name);
    const hint = name === "contact_number" ? t("不填即来电号码") : "";
    if (hint !== "") input.placeholder = hint;
    return this.keep(name, field(input, input, label, className));
  }

  private keep(name: string, made: Field): HTMLElement {
    this.fields.set(name, made);
    return made.element;
  }

  /** What the category asks for goes to the authority; an answer on the spot needs none of it. */
  private drawExtras(): void {
    const leaves = ["dispatched", "submitted"].includes(this.radio("outcome"));
    const wanted = leaves ? (this.categoryOf(this.category.value)?.required ?? []) : [];
    const specs = wanted
      .map((name) => this.book.fields.find((spec) => spec.name === name))
      .filter((spec): spec is FieldSpec => spec !== undefined);
    fill(
      this.extras,
      ...specs.map((spec) => {
        const input = textInput(`extra-${spec.name}`, spec.name, spec.max_length);
        input.value = this.extraValues.get(spec.name) ?? "";
        input.addEventListener("input", () => this.extraValues.set(spec.name, input.value));
        return this.keep(spec.name, field(input, input, spec.label, "third", spec.hint));
      }),
    );
    this.extras.hidden = specs.length === 0;
  }

  private drawSettlement(): void {
    switch (this.radio("outcome")) {
      case "dispatched":
        fill(
          this.settle,
          this.keep(
            "authority",
            field(this.authority.element, this.authority.input, this.label("authority"), ""),
          ),
        );
        break;
      case "submitted":
        fill(this.settle, make("p", { class: "hint" }, t("承办单位不明确时，由派单员审核后派出。")));
        break;
      case "transferred_out":
        fill(this.settle, this.targetPart(), this.reasonPart());
        break;
      case "withdrawn":
        fill(this.settle, this.reasonPart());
        break;
      default:
        fill(this.settle, this.articlePart(), this.answerPart());
    }
  }

  private articlePart(): HTMLElement {
    if (this.article.id === "") {
      return make("p", { class: "hint" }, t("在右侧选中知识后按 Alt A，可直接带入答复。"));
    }
    const title = this.article.title === "" ? this.article.id : this.article.title;
    return make(
      "p",
      { class: "chosen-article" },
      make("span", { class: "hint" }, t("答复依据")),
      make(
        "a",
        { attributes: { href: `/knowledge/${this.article.id}`, target: "_blank", rel: "noopener" } },
        title,
      ),
      make(
        "button",
        { class: "plain", attributes: { type: "button" }, click: () => this.dropArticle() },
        t("移除"),
      ),
    );
  }

  private answerPart(): HTMLElement {
    const area = textArea("answer", "answer", 2, 4000);
    area.value = this.answer;
    area.addEventListener("input", () => (this.answer = area.value));
    return this.keep("answer", field(area, area, this.label("answer"), ""));
  }

  private targetPart(): HTMLElement {
    const select = choice("target", "target", [
      ["", t("请选择")],
      ...this.book.transfer_targets.map(
        (each) => [each.number, `${each.number} ${each.name}`] as const,
      ),
    ]);
    select.value = this.target;
    select.addEventListener("change", () => (this.target = select.value));
    return this.keep("target", field(select, select, this.label("target"), "third"));
  }

  private reasonPart(): HTMLElement {
    const input = textInput("reason", "reason", 500);
    input.value = this.reason;
    input.addEventListener("input", () => (this.reason = input.value));
    return this.keep("reason", field(input, input, this.label("reason"), "two-thirds"));
  }

  // --- what happens -----------------------------------------------------------------------

  private typed(target: EventTarget | null): void {
    if (!(target instanceof HTMLElement)) return;
    const name = target.getAttribute("name") ?? "";
    this.fields.get(name)?.clear();
    if (name === "description") this.events.described(this.text("description"));
    this.events.changed();
  }

  private picked(target: EventTarget | null): void {
    if (!(target instanceof HTMLElement)) return;
    const name = target.getAttribute("name");
    if (name === "outcome") {
      this.drawExtras();
      this.drawSettlement();
      this.settle.scrollIntoView({ block: "nearest" });
    }
    if (name === "outcome" || name === "district") {
      this.events.placed(this.category.value, this.text("district"));
    }
    this.events.changed();
  }

  private takeCategory(id: string): void {
    this.category.set(id);
    this.categoryChanged(false);
  }

  private categoryChanged(byHand: boolean): void {
    this.fields.get("category")?.clear();
    const usual = this.categoryOf(this.category.value)?.usual_type;
    if (byHand && usual !== null && usual !== undefined && this.radio("request_type") === "consult") {
      this.setRadio("request_type", usual);
    }
    this.drawExtras();
    this.authority.set("");
    this.events.placed(this.category.value, this.text("district"));
    this.events.changed();
  }

  private dropArticle(): void {
    this.article = { id: "", title: "" };
    this.drawSettlement();
    this.events.changed();
  }

  // --- lists ------------------------------------------------------------------------------

  private get categoryOptions(): { value: string; text: string; hint: string; words: string }[] {
    return this.book.categories
      .filter((each) => each.leaf)
      .map((each) => {
        const path = this.path(each);
        const names = path.map((part) => part.name);
        return {
          value: each.id,
          text: each.name,
          hint: names.slice(0, -1).join(" › "),
          words: `${names.join(" ")} ${each.id}`.toLowerCase(),
        };
      });
  }

  private authorityOptions(): { value: string; text: string; hint: string; words: string }[] {
    const suggested = new Set(this.authorities.suggested.map((each) => each.id));
    const rest = this.authorities.everybody.filter((each) => !suggested.has(each.id));
    return [...this.authorities.suggested, ...rest].map((each) => ({
      value: each.id,
      text: each.name,
      hint: suggested.has(each.id) ? t("按分类推荐") : "",
      words: `${each.name} ${each.short}`.toLowerCase(),
    }));
  }

  private categoryOf(id: string): Category | undefined {
    return this.book.categories.find((each) => each.id === id);
  }

  private path(category: Category): Category[] {
    const parent = category.parent === null ? undefined : this.categoryOf(category.parent);
    return parent === undefined ? [category] : [...this.path(parent), category];
  }

  // --- controls ---------------------------------------------------------------------------

  private control(name: string): HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement {
    const found = this.body.querySelector<HTMLInputElement>(`#${name}`);
    if (found === null) throw new Error(`missing control ${name}`);
    return found;
  }

  private text(name: string): string {
    return this.control(name).value;
  }

  private setText(name: string, value: string): void {
    this.control(name).value = value;
  }

  private checked(name: string): string {
    return (this.control(name) as HTMLInputElement).checked ? "1" : "";
  }

  private setChecked(name: string, on: boolean): void {
    (this.control(name) as HTMLInputElement).checked = on;
  }

  private radio(name: string): string {
    return this.body.querySelector<HTMLInputElement>(`[name="${name}"]:checked`)?.value ?? "";
  }

  private setRadio(name: string, value: string): void {
    const found = this.body.querySelector<HTMLInputElement>(`[name="${name}"][value="${value}"]`);
    if (found !== null) found.checked = true;
  }
}
