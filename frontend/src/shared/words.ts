// Codes as words. Names of the reviewed data come from the server in both languages; the rest are
// texts of the catalogue. Unknown codes are shown as they are.

import { t } from "./i18n";
import type { Choice } from "./protocol";

type Words = Readonly<Record<string, () => string>>;

const REASONS: Words = {
  break: () => t("小休"),
  meal: () => t("用餐"),
  paperwork: () => t("整理工单"),
  training: () => t("培训"),
  meeting: () => t("开会"),
  equipment: () => t("设备故障"),
  logged_in: () => t("未就绪"),
  ring_no_answer: () => t("振铃未接"),
  declined: () => t("已拒接"),
  phone_unreachable: () => t("话机离线"),
  connection_lost: () => t("连接中断"),
  forced: () => t("值班长置忙"),
};

const LANGUAGES: Words = {
  zh: () => t("普通话"),
  yue: () => t("粤语"),
  en: () => t("英语"),
};

const CAUSES: Words = {
  entry: () => t("进入队列"),
  ring_no_answer: () => t("振铃未接，回到原位"),
  declined: () => t("被拒接，回到原位"),
  unreachable: () => t("话机离线，回到原位"),
  transfer: () => t("转接而来"),
  callback: () => t("接听回拨，回到原位"),
  resync: () => t("系统恢复后重新排队"),
};

const OUTCOMES: Words = {
  answered: () => t("已接听"),
  abandoned: () => t("排队中挂断"),
  left_in_menu: () => t("导航中挂断"),
  transferred_out: () => t("转紧急电话"),
  callback: () => t("已登记回拨"),
  fault: () => t("系统故障"),
};

const BOOTH_STATES: Words = {
  ready: () => t("就绪"),
  not_ready: () => t("置忙"),
  dialling: () => t("回拨中"),
  offered: () => t("振铃"),
  talking: () => t("通话中"),
  consulting: () => t("咨询中"),
  wrap_up: () => t("话后整理"),
};

let teams: ReadonlyMap<string, Choice> = new Map();

/** Remember the teams' names, as the server sent them. */
export function learnTeams(known: readonly Choice[]): void {
  teams = new Map(known.map((team) => [team.code, team]));
}

/** The name in the page's language. */
export function named(choice: { readonly zh: string; readonly en: string }): string {
  return document.documentElement.lang.startsWith("zh") ? choice.zh : choice.en;
}

/** An operator's name in the page's language. */
export function personName(person: { readonly name: string; readonly name_en: string }): string {
  return named({ zh: person.name, en: person.name_en });
}

export function teamName(id: string): string {
  const team = teams.get(id);
  return team === undefined ? id : named(team);
}

function word(list: Words, code: string): string {
  return list[code]?.() ?? code;
}

export const reasonText = (code: string | null): string => word(REASONS, code ?? "logged_in");
export const languageName = (code: string): string => word(LANGUAGES, code);
export const queueCause = (code: string): string => word(CAUSES, code);
export const callOutcome = (code: string): string => word(OUTCOMES, code);
export const boothState = (code: string): string => word(BOOTH_STATES, code);

/** How the phone contradicts the operator's state. */
export function contradictionText(kind: string): string {
  switch (kind) {
    case "no_channel":
      return t("通话中，但话机上没有通话");
    case "stray_channel":
      return t("没有通话，但话机占线");
    case "not_ringing":
      return t("已派话，但话机没有振铃");
    case "phone_unreachable":
      return t("就绪，但话机离线");
    default:
      return kind;
  }
}
