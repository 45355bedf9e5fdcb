// Codes as words. The lists follow the server's; unknown codes are shown as they are.

import { t } from "./i18n";

const REASONS: Readonly<Record<string, string>> = {
  break: "小休",
  meal: "用餐",
  paperwork: "整理工单",
  training: "培训",
  meeting: "开会",
  equipment: "设备故障",
  logged_in: "未就绪",
  ring_no_answer: "振铃未接",
  declined: "已拒接",
  phone_unreachable: "话机离线",
  connection_lost: "连接中断",
};

const TEAMS: Readonly<Record<string, string>> = {
  consumer: "消费维权组",
  urban: "国土城管组",
  labour: "劳动社保组",
  security: "公安户政组",
  general: "综合事务组",
};

const LANGUAGES: Readonly<Record<string, string>> = {
  zh: "普通话",
  yue: "粤语",
  en: "英语",
};

const CAUSES: Readonly<Record<string, string>> = {
  entry: "进入队列",
  ring_no_answer: "振铃未接，回到原位",
  declined: "被拒接，回到原位",
  unreachable: "话机离线，回到原位",
  transfer: "转接而来",
  resync: "系统恢复后重新排队",
};

const OUTCOMES: Readonly<Record<string, string>> = {
  answered: "已接听",
  abandoned: "排队中挂断",
  left_in_menu: "导航中挂断",
  transferred_out: "转紧急电话",
  fault: "系统故障",
};

const BOOTH_STATES: Readonly<Record<string, string>> = {
  ready: "就绪",
  not_ready: "置忙",
  offered: "振铃",
  talking: "通话中",
  consulting: "咨询中",
  wrap_up: "话后整理",
};

function word(list: Readonly<Record<string, string>>, code: string): string {
  const found = list[code];
  return found === undefined ? code : t(found);
}

export const reasonText = (code: string | null): string => word(REASONS, code ?? "logged_in");
export const teamName = (id: string): string => word(TEAMS, id);
export const languageName = (code: string): string => word(LANGUAGES, code);
export const queueCause = (code: string): string => word(CAUSES, code);
export const callOutcome = (code: string): string => word(OUTCOMES, code);
export const boothState = (code: string): string => word(BOOTH_STATES, code);
