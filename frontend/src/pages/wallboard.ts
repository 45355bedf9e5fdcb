// The wallboard: one pushed snapshot replaces the one before; between them only the clocks move.

import { need, setBadge, setText } from "../shared/dom";
import { loadCatalogue, t } from "../shared/i18n";
import type { Snapshot } from "../shared/protocol";
import { clockTime, serverNow, setServerTime } from "../shared/time";
import { learnTeams } from "../shared/words";
import { followBoard } from "../wallboard/board_socket";
import { BoothMap } from "../wallboard/booth_map";
import { Exceptions } from "../wallboard/exceptions";
import { TeamRows } from "../wallboard/team_rows";

await loadCatalogue();

const STALE_S = 5;

const board = need("board", HTMLDivElement);
const clock = need("board-clock", HTMLTimeElement);
const age = need("board-age", HTMLSpanElement);
const line = need("line-state", HTMLSpanElement);
const booths = new BoothMap();
const teams = new TeamRows(need("teams", HTMLTableSectionElement));
const exceptions = new Exceptions(need("exceptions", HTMLOListElement), (booth) => {
  booths.choose(booth);
  need("booth-detail", HTMLDivElement).focus();
});
let last: Snapshot | null = null;

function draw(snapshot: Snapshot): void {
  last = snapshot;
  setServerTime(snapshot.at);
  learnTeams(snapshot.teams.map((team) => ({ code: team.team, zh: team.zh, en: team.en })));
  teams.render([...snapshot.teams, snapshot.total]);
  booths.render(snapshot.booths);
  exceptions.render(snapshot.drifts, snapshot.plans, snapshot.exceptions);
  if (!snapshot.line_up) setBadge(line, "danger", t("电话系统中断，来电由后备队列接待"));
  else if (snapshot.drifts.length > 0) setBadge(line, "danger", t("统计自检不平，数字仅供参考"));
  else setBadge(line, "ok", t("线路正常"));
  tick();
}

function tick(): void {
  if (last === null) return;
  const seconds = Math.max(0, Math.floor((serverNow() - Date.parse(last.at)) / 1000));
  const stale = seconds > STALE_S;
  board.dataset["stale"] = String(stale);
  setText(clock, clockTime(serverNow()));
  setText(age, stale ? t("数据停在 %(n)s 秒前", { n: seconds }) : t("实时"));
  if (stale) setBadge(line, "danger", t("连接中断，正在重连"));
  teams.tick();
  exceptions.tick();
  booths.tick();
}

window.setInterval(tick, 1000);
followBoard("/wallboard", draw);
