// The right column: what the citizen should hear. Suggestions follow the typed case; a search of
// one's own stays until it is emptied.

import { fill, make, need, setText } from "../shared/dom";
import { HttpError } from "../shared/http";
import { t } from "../shared/i18n";
import { readArticle, searchArticles, suggestArticles, type Article, type Hit, type Piece } from "./api";

const TYPING_MS = 250;

export interface KnowledgeEvents {
  /** Answer the case from this article. */
  use(article: Article): void;
}

export class KnowledgePanel {
  private readonly form = need("knowledge-form", HTMLFormElement);
  private readonly query = need("knowledge-query", HTMLInputElement);
  private readonly status = need("knowledge-status", HTMLParagraphElement);
  private readonly list = need("knowledge-hits", HTMLUListElement);
  private readonly reader = need("knowledge-reader", HTMLElement);
  private hits: readonly Hit[] = [];
  private article: Article | null = null;
  private timer = 0;
  private asked = 0;
  private team: string | null = null;
  private callId: string | null = null;

  constructor(private readonly events: KnowledgeEvents) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const first = this.hits[0];
      if (first !== undefined) void this.open(first.article_id, true);
      else this.search(true);
    });
    this.query.addEventListener("input", () => this.later(() => this.search(false), TYPING_MS));
    this.query.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") {
        event.preventDefault();
        this.list.querySelector("button")?.focus();
      }
    });
    this.list.addEventListener("keydown", (event) => this.walk(event));
    this.drawNothing();
  }

  focus(): void {
    this.query.focus();
    this.query.select();
  }

  /** Which call the articles are read for; a new call begins with an empty column. */
  forCall(callId: string | null, team: string | null): void {
    this.team = team;
    if (callId === null || callId === this.callId) return;
    this.callId = callId;
    this.query.value = "";
    this.hits = [];
    this.article = null;
    this.drawNothing();
  }

  /** Suggest articles for what is being typed, unless the operator searches himself. */
  suggest(text: string): void {
    if (this.query.value.trim() !== "") return;
    this.later(() => this.ask(text.trim() === "" ? null : suggestArticles(text, this.team)), TYPING_MS);
  }

  /** Use the article being read, or the first of the list. */
  async useFirst(): Promise<void> {
    const first = this.hits[0];
    if (this.article === null && first !== undefined) await this.open(first.article_id, false);
    if (this.article !== null) this.events.use(this.article);
  }

  private later(work: () => void, wait: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(work, wait);
  }

  private search(finished: boolean): void {
    const words = this.query.value.trim();
    this.ask(words === "" ? null : searchArticles(words, this.team, finished));
  }

  private ask(question: Promise<readonly Hit[]> | null): void {
    this.asked += 1;
    const mine = this.asked;
    if (question === null) {
      this.hits = [];
      this.drawNothing();
      return;
    }
    question.then(
      (hits) => {
        if (mine === this.asked) this.drawHits(hits);
      },
      (error: unknown) => {
        if (mine === this.asked && error instanceof HttpError) setText(this.status, error.message);
      },
    );
  }

  private drawNothing(): void {
    setText(this.status, t("登记内容时，这里会推荐知识；也可直接搜索。"));
    fill(this.list);
    if (this.article === null) fill(this.reader);
  }

  private drawHits(hits: readonly Hit[]): void {
    this.hits = hits;
    const own = this.query.value.trim() !== "";
    if (hits.length > 0) setText(this.status, t("找到 %(n)s 条", { n: hits.length }));
    else setText(this.status, own ? t("没有找到，请换个说法") : t("暂无推荐"));
    fill(
      this.list,
      ...hits.map((hit) =>
        make(
          "li",
          {},
          make(
            "button",
            {
              attributes: { type: "button", "data-article": hit.article_id },
              click: () => void this.open(hit.article_id, true),
            },
            make("span", {}, ...marked(hit.title)),
            make("span", { class: "snippet" }, ...marked(hit.snippet)),
          ),
        ),
      ),
    );
    this.markCurrent();
  }

  private async open(id: string, focus: boolean): Promise<void> {
    try {
      this.article = await readArticle(id, this.callId);
    } catch (error) {
      if (error instanceof HttpError) setText(this.status, error.message);
      return;
    }
    this.drawArticle(this.article);
    this.markCurrent();
    if (focus) this.reader.focus();
  }

  private drawArticle(article: Article): void {
    fill(
      this.reader,
      make("h2", {}, article.title),
      make(
        "div",
        { class: "row" },
        make(
          "button",
          {
            class: "primary",
            attributes: { type: "button", "aria-keyshortcuts": "Alt+A" },
            click: () => this.events.use(article),
          },
          t("带入答复"),
          " ",
          make("kbd", {}, "Alt A"),
        ),
        make(
          "a",
          {
            attributes: {
              href: `/knowledge/${encodeURIComponent(article.article_id)}`,
              target: "_blank",
              rel: "noopener",
            },
          },
          t("打开全文页"),
        ),
      ),
      make("p", { class: "answer" }, article.answer),
      article.body === "" ? null : make("div", { class: "body" }, article.body),
      make("p", { class: "hint" }, [article.owner, article.source].filter((x) => x !== "").join(" · ")),
    );
    this.reader.scrollTop = 0;
  }

  private markCurrent(): void {
    for (const button of this.list.querySelectorAll<HTMLElement>("[data-article]")) {
      const current = button.dataset["article"] === this.article?.article_id;
      button.setAttribute("aria-current", String(current));
    }
  }

  private walk(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const buttons = [...this.list.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) this.query.focus();
    else buttons[Math.min(next, buttons.length - 1)]?.focus();
  }
}

function marked(pieces: readonly Piece[]): (Node | string)[] {
  return pieces.map((piece) => (piece.hit ? make("mark", {}, piece.text) : piece.text));
}
