"""Orders that failed: what was open ends, once, and the agent is told."""

from __future__ import annotations

from dataclasses import replace

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import Agent
from acd.core.call import Call, CallEvent, Outcome
from acd.core.callbacks import on_dial_order_failed
from acd.core.consulting import consult_failed
from acd.core.inputs import OrderFailed, OrderFault, OrderKind
from acd.core.offering import fail_offer
from acd.core.talking import end_conversation
from acd.core.work import Work

TRANSFER_FAILED = "转接未成功，来电仍在您的座席，请重试"
RELEASE_FAILED = "挂断未成功，请重试"
CONSULT_FAILED = "咨询未接通，请重试"
HAND_OVER_FAILED = "转接未完成，请重试"
RETURN_FAILED = "未能回到来电，请重试"


def on_order_failed(work: Work, failed: OrderFailed) -> None:
    if failed.callback_id is not None:
        on_dial_order_failed(work, failed)
        return
    call = work.floor.calls.get(failed.call_id)
    if call is None:
        return
    gone = failed.fault is OrderFault.NOT_FOUND
    match failed.order:
        case OrderKind.DELIVER:
            _deliver_failed(work, failed, gone)
        case OrderKind.CANCEL_OFFER:
            if gone and isinstance(call.state, ca.Returning):
                call.state = replace(call.state, missing=True)
        case OrderKind.REQUEUE:
            _requeue_failed(work, call)
        case OrderKind.RELEASE:
            _release_failed(work, call, gone)
        case OrderKind.START_CONSULT:
            _consult_failed(work, call, failed)
        case OrderKind.COMPLETE_CONSULT:
            _tell(work, call, HAND_OVER_FAILED)
        case OrderKind.CANCEL_CONSULT:
            over = failed.fault is not OrderFault.UNAVAILABLE
            _cancel_consult_failed(work, call, over)
        case OrderKind.DIAL_BACK | OrderKind.CANCEL_DIAL_BACK:
            pass  # named by their callback, above


def _deliver_failed(work: Work, failed: OrderFailed, gone: bool) -> None:
    """Not found: the caller left. No answer: unknown, so the caller is asked for again later."""
    offer = work.floor.offers.get(failed.offer_id) if failed.offer_id else None
    if offer is not None:
        outcome = Outcome.CALLER_ABANDONED if gone else Outcome.RESCINDED
        fail_offer(work, offer, outcome, missing=gone)


def _requeue_failed(work: Work, call: Call) -> None:
    state = call.state
    if not isinstance(state, ca.Moving):
        return
    agent = work.floor.agents.get(state.agent_id)
    conversation = agent.conversation if agent is not None else None
    if agent is None or conversation is None or conversation.offer_id != state.offer_id:
        return  # the agent's leg is gone already: the caller's next fact decides
    work.move_call(call, CallEvent.MOVE_FAILED, ca.Talking(state.offer_id, state.agent_id))
    work.notice(agent, TRANSFER_FAILED)


def _release_failed(work: Work, call: Call, gone: bool) -> None:
    if gone:
        end_conversation(work, call)
    else:
        _tell(work, call, RELEASE_FAILED)


def _consult_failed(work: Work, call: Call, failed: OrderFailed) -> None:
    agent = _talker(work, call)
    if agent is None or not isinstance(agent.activity, ag.Consult):
        return
    if agent.activity.conversation.offer_id == failed.offer_id:
        consult_failed(work, agent, agent.activity, CONSULT_FAILED)


def _cancel_consult_failed(work: Work, call: Call, over: bool) -> None:
    """The telephone knows of no consultation: it is over. Without an answer nobody knows."""
    agent = _talker(work, call)
    if agent is None or not isinstance(agent.activity, ag.Consult):
        return
    if over:
        consult_failed(work, agent, agent.activity, "")
    else:
        work.notice(agent, RETURN_FAILED)


def _tell(work: Work, call: Call, sentence: str) -> None:
    agent = _talker(work, call)
    if agent is not None:
        work.notice(agent, sentence)


def _talker(work: Work, call: Call) -> Agent | None:
    state = call.state
    if isinstance(state, ca.Talking | ca.Moving) and state.agent_id is not None:
        return work.floor.agents.get(state.agent_id)
    return None
