"""Who hears what: the one table. Read top to bottom; each line is event, hearer, why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.bus import EventBus
from kernel.events import CallAnswered, CallEnded, CallQueued, Event, SurveyAnswered

if TYPE_CHECKING:
    from hotline.wiring import Services


def subscribe_all(bus: EventBus, services: Services) -> None:
    """Connect every hearer. Called once, before anything publishes."""
    s = services
    # The timeline and the record of each call.
    bus.subscribe(Event, s.journal.on_event, name="call-journal")
    # The screen pop follows the call it shows.
    bus.subscribe(Event, s.desk.hear, name="desk")
    # The dialogue forgets a call that ended; the survey must know who answered, in what language.
    bus.subscribe(CallEnded, s.dialogue.on_call_ended, name="ivr-forget")
    for heard in (CallQueued, CallAnswered, CallEnded):
        bus.subscribe(heard, s.survey.on_event, name=f"survey-{heard.__name__}")
    # Satisfaction answers are kept.
    bus.subscribe(SurveyAnswered, s.feedback.on_survey_answered, name="feedback")
    # The list of recordings can be searched by what happened in the call.
    bus.subscribe(Event, s.recordings.on_event, name="recordings")
