// Texts are written in Chinese in the source; English comes from the one catalogue.

let catalogue: Readonly<Record<string, string>> = {};

/** Fetch the catalogue of the page's language. Chinese needs none. */
export async function loadCatalogue(): Promise<void> {
  if (document.documentElement.lang.startsWith("zh")) return;
  const address = document.querySelector<HTMLMetaElement>('meta[name="i18n"]')?.content;
  if (address === undefined) return;
  const answer = await fetch(address);
  if (answer.ok) catalogue = (await answer.json()) as Record<string, string>;
}

/** The text for `msgid`, with each `%(name)s` replaced from `values`. */
export function t(msgid: string, values: Readonly<Record<string, string | number>> = {}): string {
  const text = catalogue[msgid] ?? msgid;
  return text.replace(/%\((\w+)\)s/g, (whole, name: string) => String(values[name] ?? whole));
}
