// A supervisor orders a state for the operator of the chosen booth. The form stands beside what is
// redrawn with each snapshot, so that nothing typed is lost; it is on the page of those who may only.

import { need, setText } from "../shared/dom";
import { HttpError, sendJson } from "../shared/http";
import { t } from "../shared/i18n";
import type { BoothCell, ForceIn, FreeIn } from "../shared/protocol";
import { personName } from "../shared/words";

export class ForceForm {
  private readonly reason = need("force-reason", HTMLInputElement);
  private readonly title = need("force-title", HTMLElement);
  private readonly free = need("force-free", HTMLButtonElement);
  private readonly message = need("force-message", HTMLParagraphElement);
  private target: BoothCell | null = null;

  private constructor(private readonly form: HTMLFormElement) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const state = (event.submitter as HTMLButtonElement | null)?.value as ForceIn["state"] | "free" | undefined;
      if (state !== undefined) void this.send(state);
    });
  }

  static onPage(): ForceForm | null {
    const form = document.getElementById("force");
    return form instanceof HTMLFormElement ? new ForceForm(form) : null;
  }

  /** Whom the order is for; nobody hides the form. */
  aim(booth: BoothCell | null): void {
    if (booth?.agent !== this.target?.agent) {
      this.reason.value = "";
      setText(this.message, "");
    }
    this.target = booth;
    this.form.hidden = booth === null;
    this.free.hidden = booth?.contradiction == null;
    if (booth !== null) setText(this.title, t("对%(name)s的安排", { name: personName(booth) }));
  }

  private async send(state: ForceIn["state"] | "free"): Promise<void> {
    const booth = this.target;
    if (booth === null) return;
    const reason = this.reason.value.trim();
    if (reason === "") {
      this.say(t("请填写原因"), "warn");
      this.reason.focus();
      return;
    }
    try {
      const operator = `/api/wallboard/operators/${encodeURIComponent(booth.agent)}`;
      if (state === "free") await sendJson("POST", `${operator}/free`, { reason } satisfies FreeIn);
      else await sendJson("POST", `${operator}/state`, { state, reason } satisfies ForceIn);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.say(error.message, "danger");
      return;
    }
    this.reason.value = "";
    this.say(
      state === "free" ? t("已解除；来电人如仍在线，回到原来的排位") : t("已安排；通话中的话务员在通话后生效"),
      "info",
    );
  }

  private say(text: string, kind: "info" | "warn" | "danger"): void {
    this.message.dataset["kind"] = kind;
    setText(this.message, text);
  }
}
