"""Who hears what: the one table. Read top to bottom; each line is event, hearer, why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.bus import EventBus
from kernel.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallAnswered,
    CallEnded,
    CallQueued,
    CallTransferredOut,
    CaseFiled,
    Event,
    RecordingArchived,
)

if TYPE_CHECKING:
    from hotline.wiring import Services


def subscribe_all(bus: EventBus, services: Services) -> None:
    """Connect every hearer. Called once, before anything publishes."""
    s = services
    # The timeline and the record of each call.
    bus.subscribe(Event, s.journal.on_event, name="call-journal")
    # The screen pop follows the call it shows.
    bus.subscribe(Event, s.desk.hear, name="desk")
    # An operator's own day, on the wallboard.
    bus.subscribe(Event, s.days.hear, name="operator-days")
    # The dialogue forgets a call that ended; the survey must know who answered, in what language.
    bus.subscribe(CallEnded, s.ivr.dialogue.on_call_ended, name="ivr-forget")
    bus.subscribe(CallEnded, s.choices.waiting.on_call_ended, name="waiting-forget")
    bus.subscribe(CallEnded, s.choices.greeting.on_call_ended, name="greeting-forget")
    for heard in (CallQueued, CallAnswered, CallEnded):
        bus.subscribe(heard, s.ivr.survey.on_event, name=f"survey-{heard.__name__}")
    # Whoever spoke with a person is no stranger to the guard.
    bus.subscribe(CallAnswered, s.ivr.screening.on_answered, name="screening-known")
    # How callers get through each step of a flow.
    bus.subscribe(Event, s.ivr.funnel.on_event, name="ivr-funnel")
    # How a call ended is told by the distribution, which does not see callers leave for 110.
    bus.subscribe(CallTransferredOut, s.distribution.on_transferred_out, name="acd-transferred-out")
    # Asterisk's own queues answer when this process cannot.
    for seat in (AgentLoggedIn, AgentLoggedOut):
        bus.subscribe(seat, s.fallback.on_event, name=f"fallback-{seat.__name__}")
    # An article quoted in a case was of use.
    bus.subscribe(CaseFiled, s.knowledge.on_case_filed, name="knowledge")
    # Satisfaction answers are kept, with the language of the call.
    bus.subscribe(Event, s.feedback.on_event, name="feedback")
    # Whoever was not spoken with is called by a person.
    bus.subscribe(Event, s.duty_callbacks.hear, name="duty-callbacks")
    # The list of recordings can be searched by what happened in the call.
    bus.subscribe(Event, s.recordings.archive.on_event, name="recordings")
    # A message is written down as soon as its sound is archived.
    bus.subscribe(RecordingArchived, s.recordings.writer.on_event, name="messages")
