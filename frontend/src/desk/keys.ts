// The keys of the desktop. None of them is a browser's own: no address bar, no menu, no tab.

export interface KeyActions {
  readonly primary: () => void;
  readonly toggleReady: () => void;
  readonly refuse: () => void;
  readonly hold: () => void;
  readonly mute: () => void;
  readonly transfer: () => void;
  readonly digits: () => void;
  readonly toCase: () => void;
  readonly toKnowledge: () => void;
  readonly useArticle: () => void;
  readonly file: () => void;
  readonly escape: () => void;
}

/** Listen on the whole page. Codes are places on the keyboard, so that an input method, or
 * another layout, changes nothing. */
export function listenForKeys(actions: KeyActions): void {
  const plain: Readonly<Record<string, () => void>> = {
    F2: actions.primary,
    F4: actions.toggleReady,
    F8: actions.hold,
    F9: actions.mute,
  };
  const withAlt: Readonly<Record<string, () => void>> = {
    KeyJ: actions.refuse,
    KeyZ: actions.transfer,
    KeyN: actions.digits,
    KeyC: actions.toCase,
    KeyK: actions.toKnowledge,
    KeyA: actions.useArticle,
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) actions.escape();
    const bare = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    const alt = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    let action: (() => void) | undefined;
    if (bare) action = plain[event.key];
    else if (alt) action = withAlt[event.code];
    else if (event.ctrlKey && event.key === "Enter") action = actions.file;
    if (action === undefined) return;
    event.preventDefault();
    if (!event.repeat) action();
  });
}
