"""Where one department's port is filled by another's service: shapes are changed, nothing decided.

The operator's desktop has its own in `desk_bridges`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from acd.core.waits import WaitNews
from acd.plans import Plans
from acd.service import Distribution
from agent_desktop.core.choices import NOT_READY_REASONS
from agent_desktop.stories import CallStories
from cti.journal import CallJournal
from cti.service import TelephoneLine
from directory.service import Directory
from ivr.core.announce import position_prompts, wait_prompts
from ivr.core.catalogue import PromptCatalogue
from ivr.core.waiting import QueueOffers
from ivr.ports import WaitingOffers
from ivr.waiting import WaitingDialogue
from kernel.errors import NotFound, Unavailable
from kernel.events import AgentLoggedIn, AgentLoggedOut, Event
from kernel.ids import AgentId, AuthorityId, CallId, Endpoint, TeamId
from kernel.infra.log import Logger
from kernel.language import Language, ScreenLanguage
from kernel.telephony import Prompt, WaitingCaller
from knowledge_base.service import Knowledge
from workorders.ports import CallFacts


class OwnerNames:
    """Fills `knowledge_base.ports.OwnerBook` from the directory's authorities."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def name(self, authority_id: AuthorityId) -> str | None:
        found = self._directory.authority(authority_id)
        return found.name if found else None


class PositionAnnouncer:
    """Fills `cti.ports.WaitingAnnouncer`: the caller's place and, when it is sure enough, the
    expected wait; now and then, what a plan has to say and what may be chosen by key. In the
    caller's language.

    The line and the distribution need each other, so the news is asked of what `follow` was given;
    before that, callers hear music only.
    """

    def __init__(self, choices: WaitingDialogue) -> None:
        self._choices = choices
        self._news: Callable[[CallId], WaitNews | None] = lambda call_id: None

    def follow(self, distribution: Distribution) -> None:
        self._news = distribution.announce

    def announce(self, caller: WaitingCaller) -> tuple[Prompt, ...]:
        news = self._news(caller.call_id)
        if news is None:
            return ()
        said = position_prompts(news.position, caller.language)
        if news.told is not None:
            said += wait_prompts(news.told.low, news.told.high, caller.language)
        return said + self._choices.announce(caller)


class PlannedOffers:
    """Fills `ivr.ports.WaitingOffers`: what the reviewed data always offers, and what a running
    plan adds; a callback only at hours at which citizens are rung. The line is made before the
    plans and the distribution, so these are asked once `follow` was given them.
    """

    def __init__(self, standing: WaitingOffers) -> None:
        self._standing = standing
        self._plans: Plans | None = None
        self._calls_back: Callable[[], bool] = lambda: True

    def follow(self, plans: Plans, calls_back: Callable[[], bool]) -> None:
        self._plans = plans
        self._calls_back = calls_back

    def calls_back(self) -> bool:
        """Citizens are rung at this hour."""
        return self._calls_back()

    def plans_on(self) -> frozenset[str]:
        """Ids of the running plans; one that stands for each team also without the team's name."""
        running = self._plans.running() if self._plans is not None else frozenset()
        return running | {plan_id.partition(".")[0] for plan_id in running}

    def offers(self, team: TeamId) -> QueueOffers:
        always, open_now = self._standing.offers(team), self._calls_back()
        if self._plans is None:
            return replace(always, callback=always.callback and open_now)
        callback, said = self._plans.offers_callback(team) and open_now, self._plans.said(team)
        message = self._plans.opens_message_box(team)
        return QueueOffers(
            callback=(always.callback and open_now) or callback,
            message=always.message or message,
            announcement=(*said, *always.announcement),
            at_once=always.at_once or callback or message or bool(said),
        )


class CallBook:
    """Fills `workorders.ports.CallBook`: the live story first, the journal second."""

    def __init__(self, stories: CallStories, journal: CallJournal) -> None:
        self._stories = stories
        self._journal = journal

    async def call(self, call_id: CallId) -> CallFacts | None:
        story = self._stories.story(call_id)
        if story is not None and story.answered_by is not None:
            return CallFacts(call_id, story.ani, story.team, story.language, story.answered_by)
        record = await self._journal.record(call_id)
        if record is None:
            return None
        return CallFacts(call_id, record.ani, record.team, record.language, record.agent_id)


class ArticleBook:
    """Fills `workorders.ports.ArticleBook` from the knowledge base."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    async def title(self, article_id: str) -> str | None:
        try:
            return (await self._knowledge.article(article_id)).content.title
        except NotFound:
            return None


def team_names(directory: Directory) -> dict[ScreenLanguage, dict[str, str]]:
    """Screen language -> team id -> short name."""
    return {
        language: {t.team_id: t.shortly(language) for t in directory.teams()}
        for language in ScreenLanguage
    }


def district_names(directory: Directory) -> dict[ScreenLanguage, dict[str, str]]:
    """Screen language -> district id -> name."""
    return {
        ScreenLanguage.CHINESE: {d.district_id: d.name for d in directory.districts()},
        ScreenLanguage.ENGLISH: {d.district_id: d.name_en for d in directory.districts()},
    }


class FallbackMembers:
    """Keeps Asterisk's own fallback queues in step with who is logged in, so that they can answer
    when this process cannot. Best team only: the fallback knows no skills."""

    def __init__(self, line: TelephoneLine, directory: Directory, log: Logger) -> None:
        self._line = line
        self._directory = directory
        self._log = log
        self._seats: dict[AgentId, Endpoint] = {}

    async def start(self, seated: Mapping[AgentId, Endpoint]) -> None:
        """Begin with who sat there when the last run broke off, before the line is connected: an
        empty list would empty the queues, and the next death would find nobody in them."""
        self._seats.update(seated)
        await self._set()

    async def on_event(self, event: Event) -> None:
        """Hears AgentLoggedIn and AgentLoggedOut."""
        match event:
            case AgentLoggedIn():
                self._seats[event.agent_id] = event.endpoint
            case AgentLoggedOut():
                self._seats.pop(event.agent_id, None)
            case _:
                return
        await self._set()

    async def _set(self) -> None:
        members: dict[TeamId, set[Endpoint]] = {t: set() for t in self._directory.team_ids()}
        for agent_id, endpoint in self._seats.items():
            agent = self._directory.agent(agent_id)
            if agent is not None:
                members[agent.primary_team].add(endpoint)
        try:
            await self._line.set_fallback_members(
                {team: frozenset(seats) for team, seats in members.items()}
            )
        except (NotFound, Unavailable) as error:
            # The line compares the queues with its own list after each reconnect.
            self._log.warning("fallback_members_late", reason=str(error))


def person_name(directory: Directory) -> Callable[[str, ScreenLanguage], str]:
    """An account's or operator's name for the reader's screen; what it was asked by where there is
    none."""

    def name(account: str, language: ScreenLanguage) -> str:
        found = directory.agent(AgentId(account)) or directory.administrator(account)
        return found.named(language) if found else account

    return name


LineName = Callable[[str, str | None, ScreenLanguage], str | None]


def line_name(directory: Directory) -> LineName:
    """The dialled number and what the line was called then -> its name for the reader's screen. A
    line that was renamed or given up since keeps the name that it had."""

    def name(dnis: str, then: str | None, language: ScreenLanguage) -> str | None:
        line = directory.line(dnis)
        return line.named(language) if line is not None and line.name == then else then

    return name


def prompt_text(catalogue: PromptCatalogue) -> Callable[[str, ScreenLanguage], str]:
    """What callers hear of a prompt, in the reader's language."""
    spoken = {
        ScreenLanguage.CHINESE: Language.MANDARIN,
        ScreenLanguage.ENGLISH: Language.ENGLISH,
    }
    return lambda name, language: catalogue.text(name, spoken[language])


def reason_name(code: str, language: ScreenLanguage) -> str:
    """A reason of not being ready, as operators choose it; the code where there is none."""
    found = next((r for r in NOT_READY_REASONS if r.code == code), None)
    if found is None:
        return code
    return found.zh if language is ScreenLanguage.CHINESE else found.en
