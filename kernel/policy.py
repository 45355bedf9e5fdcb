"""Who may do what: the one policy function. Everything not granted here is denied."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kernel.errors import NotAllowed
from kernel.ids import AgentId, TeamId
from kernel.language import ScreenLanguage


class Role(StrEnum):
    OPERATOR = "operator"  # 话务员
    SUPERVISOR = "supervisor"  # 值班长
    QUALITY = "quality"  # 质检员
    DISPATCHER = "dispatcher"  # 派单员
    ADMINISTRATOR = "administrator"  # 中心管理员


class Action(StrEnum):
    USE_DESKTOP = "use_desktop"
    SEE_WALLBOARD = "see_wallboard"
    FORCE_AGENT_STATE = "force_agent_state"
    RUN_PLANS = "run_plans"
    SEE_CALLS = "see_calls"
    SEE_CALLBACKS = "see_callbacks"
    HANDLE_CALLBACKS = "handle_callbacks"
    CANCEL_CALLBACK = "cancel_callback"
    SEE_FULL_NUMBER = "see_full_number"
    LISTEN_RECORDING = "listen_recording"
    SEE_CASES = "see_cases"
    FILE_CASE = "file_case"
    DISPATCH_WORK_ORDER = "dispatch_work_order"
    READ_KNOWLEDGE = "read_knowledge"
    SEE_DIRECTORY = "see_directory"
    SEE_AUDIT = "see_audit"
    SEE_FLOWS = "see_flows"
    MANAGE_FLOWS = "manage_flows"
    EDIT_INTENTS = "edit_intents"
    SWITCH_INTENTS = "switch_intents"
    MANAGE_NOTICES = "manage_notices"
    MANAGE_PROMPTS = "manage_prompts"
    SEE_SCREENING = "see_screening"
    MANAGE_SCREENING = "manage_screening"
    EXPORT = "export"


_GRANTS: dict[Role, frozenset[Action]] = {
    Role.OPERATOR: frozenset(
        {
            Action.USE_DESKTOP,
            Action.SEE_CALLBACKS,
            Action.HANDLE_CALLBACKS,
            Action.SEE_CASES,
            Action.FILE_CASE,
            Action.READ_KNOWLEDGE,
            Action.SEE_DIRECTORY,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            Action.SEE_WALLBOARD,
            Action.FORCE_AGENT_STATE,
            Action.RUN_PLANS,
            Action.SEE_CALLBACKS,
            Action.HANDLE_CALLBACKS,
            Action.CANCEL_CALLBACK,
            Action.SEE_CALLS,
            Action.SEE_FULL_NUMBER,
            Action.LISTEN_RECORDING,
            Action.SEE_CASES,
            Action.DISPATCH_WORK_ORDER,
            Action.READ_KNOWLEDGE,
            Action.SEE_DIRECTORY,
            Action.EXPORT,
            Action.SEE_FLOWS,
            Action.SEE_SCREENING,
            Action.MANAGE_SCREENING,
            Action.MANAGE_NOTICES,
            Action.EDIT_INTENTS,
        }
    ),
    Role.QUALITY: frozenset(
        {
            Action.SEE_WALLBOARD,
            Action.SEE_CALLS,
            Action.SEE_CALLBACKS,
            Action.LISTEN_RECORDING,
            Action.SEE_CASES,
            Action.READ_KNOWLEDGE,
            Action.SEE_DIRECTORY,
            Action.SEE_FLOWS,
        }
    ),
    Role.DISPATCHER: frozenset(
        {
            Action.SEE_CASES,
            Action.DISPATCH_WORK_ORDER,
            Action.READ_KNOWLEDGE,
            Action.SEE_DIRECTORY,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            Action.SEE_WALLBOARD,
            Action.SEE_CALLS,
            Action.SEE_CALLBACKS,
            Action.SEE_CASES,
            Action.READ_KNOWLEDGE,
            Action.SEE_DIRECTORY,
            Action.SEE_AUDIT,
            Action.SEE_FLOWS,
            Action.MANAGE_FLOWS,
            Action.EDIT_INTENTS,
            Action.SWITCH_INTENTS,
            Action.SEE_SCREENING,
            Action.MANAGE_NOTICES,
            Action.MANAGE_PROMPTS,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """The person behind a request, as the session knows him or her.

    `agent_id` is set for operators only; `teams` are the teams he or she serves.
    """

    account: str
    display_name: str
    roles: frozenset[Role]
    agent_id: AgentId | None = None
    teams: frozenset[TeamId] = frozenset()
    name_en: str = ""

    def named(self, language: str) -> str:
        """The person's name for a screen in this language (`kernel.language.ScreenLanguage`)."""
        return (
            self.display_name
            if language != ScreenLanguage.ENGLISH
            else self.name_en or self.display_name
        )


def allows(principal: Principal, action: Action) -> bool:
    """True if any of the principal's roles grants `action`."""
    return any(action in _GRANTS[role] for role in principal.roles)


def demand(principal: Principal, action: Action) -> None:
    """Raises NotAllowed when `action` is not granted."""
    if not allows(principal, action):
        raise NotAllowed("您没有执行此操作的权限")
