// Loaded by every page: the switch between the light and the dark look.

import { loadCatalogue, t } from "../shared/i18n";
import { setText } from "../shared/dom";

const YEAR_S = 31_536_000;

function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "dark" || chosen === "light") return chosen === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

const button = document.querySelector<HTMLButtonElement>("[data-theme-switch]");
if (button !== null) {
  await loadCatalogue();
  const label = (): void => setText(button, isDark() ? t("浅色") : t("深色"));
  button.hidden = false;
  label();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset["theme"] = next;
    document.cookie = `hotline_theme=${next}; path=/; max-age=${YEAR_S}; samesite=lax`;
    label();
  });
}
