"""What the steps of the telephone menu are called on the screens.

The steps are those of `config/ivr/main.yaml` and `survey.yaml`; a test finds one that is missing
here. None: the caller hears nothing there (a condition), and the operator need not see it.
"""

from __future__ import annotations

from collections.abc import Mapping

STEP_TITLES: Mapping[str, str | None] = {
    "opening": None,
    "direct_opening": None,
    "line_opening": None,
    "after_language": None,
    "greeting_three": "欢迎语",
    "greeting_own": "欢迎语",
    "recognised": None,
    "known_order": "报最近的工单",
    "known_one": "最近工单第二位",
    "known_told": "播报办理进度",
    "gave_up_lately": None,
    "sorry_missed": "致歉",
    "menu_own": "选单",
    "menu_again": "重听选单",
    "one": "选单第二位",
    "language": "选择语言",
    "self_service": "自助查询",
    "self_affairs": "办事指引",
    "self_living": "生活服务",
    "item_medical_care": "看病就医",
    "item_social_insurance": "社保查询",
    "item_medical_insurance": "医保服务",
    "item_housing_fund": "住房公积金",
    "item_household_papers": "户政办证",
    "item_school_places": "入学指引",
    "item_express_delivery": "快递投诉",
    "item_utilities_outage": "停水停电停气",
    "item_consumer_rights": "消费维权",
    "item_traffic_services": "交通出行",
    "call_12366": "转12366",
    "progress": "输入工单编号",
    "progress_phone": "输入电话后四位",
    "progress_lookup": None,
    "progress_found": "播报办理进度",
    "progress_not_found": "没有查到工单",
    "progress_refused": "查询次数过多",
    "progress_failed": "暂时查不到",
    "line_three": "专线欢迎语",
    "line_own": "专线欢迎语",
    "line_one": "选单第二位",
    "emergency": "紧急求助",
    "emergency_one": "紧急求助第二位",
    "call_110_now": "转110",
    "call_110": "转110",
    "call_119": "转119",
    "call_120": "转120",
    "call_122": "转122",
    "person_first": "优先转人工",
    "person": "转人工",
    "consumer": "转消费维权",
    "said_consumer": "转消费维权",
    "urban": "转国土城管",
    "labour": "转劳动社保",
    "security": "转公安户政",
    "general": "转综合事务",
    "line_team": "转专线所属班组",
    "call_back": "约定回拨",
    "no_callback": "此时不回拨",
    "leave_message": "留言",
    "solved": "问题是否解决",
    "question": "评价话务员",
    "thanks": "致谢",
    "farewell": "致谢",
}


class StepTitles:
    """Fills the port `MenuTitles` from the table; an unknown step is called by its id."""

    def step_title(self, flow: str, step: str) -> str | None:
        return STEP_TITLES.get(step, step)
