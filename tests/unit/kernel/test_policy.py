"""The whole policy as one table: a change of `kernel.policy` must be made here as well."""

from __future__ import annotations

import pytest

from kernel.errors import NotAllowed
from kernel.policy import Action, Principal, Role, allows, demand

# Columns: operator, supervisor, quality, dispatcher, administrator.
ROLES = (Role.OPERATOR, Role.SUPERVISOR, Role.QUALITY, Role.DISPATCHER, Role.ADMINISTRATOR)
TABLE = {
    Action.USE_DESKTOP: "Y....",
    Action.SEE_WALLBOARD: ".YY.Y",
    Action.FORCE_AGENT_STATE: ".Y...",
    Action.RUN_PLANS: ".Y...",
    Action.SEE_CALLS: ".YY.Y",
    Action.SEE_CALLBACKS: "YYY.Y",
    Action.HANDLE_CALLBACKS: "YY...",
    Action.CANCEL_CALLBACK: ".Y...",
    Action.SEE_FULL_NUMBER: ".Y...",
    Action.LISTEN_RECORDING: ".YY..",
    Action.SEE_CASES: "YYYYY",
    Action.FILE_CASE: "Y....",
    Action.DISPATCH_WORK_ORDER: ".Y.Y.",
    Action.READ_KNOWLEDGE: "YYYYY",
    Action.SEE_DIRECTORY: "YYYYY",
    Action.SEE_AUDIT: "....Y",
    Action.SEE_FLOWS: ".YY.Y",
    Action.MANAGE_FLOWS: "....Y",
    Action.EDIT_INTENTS: ".Y..Y",
    Action.SWITCH_INTENTS: "....Y",
    Action.MANAGE_NOTICES: ".Y..Y",
    Action.MANAGE_PROMPTS: "....Y",
    Action.SEE_SCREENING: ".Y..Y",
    Action.MANAGE_SCREENING: ".Y...",
    Action.EXPORT: ".Y...",
}
CELLS = [
    (role, action, mark == "Y")
    for action, marks in TABLE.items()
    for role, mark in zip(ROLES, marks, strict=True)
]


def person(*roles: Role) -> Principal:
    return Principal(account="ad01", display_name="何惠玲", roles=frozenset(roles))


def test_the_table_names_every_role_and_every_action() -> None:
    assert set(TABLE) == set(Action)
    assert set(ROLES) == set(Role)


@pytest.mark.parametrize(("role", "action", "granted"), CELLS)
def test_a_role_may_do_exactly_what_the_table_says(
    role: Role, action: Action, granted: bool
) -> None:
    assert allows(person(role), action) is granted


@pytest.mark.parametrize("action", Action)
def test_nobody_without_a_role_may_do_anything(action: Action) -> None:
    assert not allows(person(), action)


def test_two_roles_may_do_what_either_may() -> None:
    both = person(Role.SUPERVISOR, Role.ADMINISTRATOR)

    granted = {action for action in Action if allows(both, action)}

    alone = {a for a in Action for r in both.roles if allows(person(r), a)}
    assert granted == alone
    assert {Action.EXPORT, Action.SEE_AUDIT} <= granted


def test_demand_passes_in_silence_or_raises_a_sentence() -> None:
    demand(person(Role.OPERATOR), Action.USE_DESKTOP)

    with pytest.raises(NotAllowed) as refused:
        demand(person(Role.OPERATOR), Action.SEE_AUDIT)
    assert refused.value.message == "您没有执行此操作的权限"
