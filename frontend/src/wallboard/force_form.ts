// A supervisor orders a state for the operator of the chosen booth. The form stands beside what is
// redrawn with each snapshot, so that nothing typed is lost; it is on the page of those who may only.

import { need, setText } from "../shared/dom";
import { HttpError, sendJson } from "../shared/http";
import { t } from "../shared/i18n";
import type { BoothCell, ForceIn } from "../shared/protocol";
import { personName } from "../shared/words";

export class ForceForm {
  private readonly reason = need("force-reason", HTMLInputElement);
  private readonly title = need("force-title", HTMLElement);
  private readonly message = need("force-message", HTMLParagraphElement);
  private target: BoothCell | null = null;

  private constructor(private readonly form: HTMLFormElement) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const state = (event.submitter as HTMLButtonElement | null)?.value as ForceIn["state"] | undefined;
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
    if (booth !== null) setText(this.title, t("对%(name)s的安排", { name: personName(booth) }));
  }

  private async send(state: ForceIn["state"]): Promise<void> {
    const booth = this.target;
    if (booth === null) return;
    const reason = this.reason.value.trim();
    if (reason === "") {
      this.say(t("请填写原因"), "warn");
      this.reason.focus();
      return;
    }
    try {
      const order: ForceIn = { state, reason };
      await sendJson("POST", `/api/wallboard/operators/${encodeURIComponent(booth.agent)}/state`, order);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.say(error.message, "danger");
      return;
    }
    this.reason.value = "";
    this.say(t("已安排；通话中的话务员在通话后生效"), "info");
  }

  private say(text: string, kind: "info" | "warn" | "danger"): void {
    this.message.dataset["kind"] = kind;
    setText(this.message, text);
  }
}
