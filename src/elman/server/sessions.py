"""Sessions: a recurrent state that is kept between requests, for one at a time."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import deque
from types import TracebackType

from elman.server.records import Record
from elman.server.refusals import RefusedError, busy
from elman.server.schemas import Exported, Session, Step, ToBegin, ToRewind, ToStep
from elman.server.served import Served
from elman.server.signing import sealed, unsealed
from elman.server.stores.store import Store, unknown
from elman.server.streams import Read

_NAME = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_LINE = 64  # requests that wait for one session


class Sessions:
    """Of all models that keep a state."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}

    async def begin(self, served: Served, asked: ToBegin) -> Session:
        """A new session, or one from what was exported."""
        streams = served.streams()
        record = Record.begun(streams.beginning)
        if asked.exported is not None:
            content = unsealed(self.store.key, asked.exported)
            opened = None if content is None else Record.unpacked(content, *served.format())
            if opened is None:
                raise RefusedError(
                    422,
                    "this server has not exported it, from this model",
                    location="exported",
                    hint="Give what /export answered, as it was.",
                )
            record = opened
        return await self._begun(served, record)

    async def fork(self, served: Served, session: str) -> Session:
        """Another session that goes on from where this one is."""
        name = _name(served, session)
        async with _Turn(self._lines, name):
            record = await self._look(name)
        return await self._begun(served, record)

    async def look(self, served: Served, session: str) -> Session:
        name = _name(served, session)
        async with _Turn(self._lines, name):
            return _told(session, await self._look(name))

    async def step(self, served: Served, session: str, asked: ToStep) -> Step:
        """Read on."""
        streams, name = served.streams(), _name(served, session)
        async with _Turn(self._lines, name):
            record = await self.store.take(name)
            try:
                passed = record.passed(asked.text)
                given = Read(record.state, asked.text, asked.count, record.mark, passed)
                outcome = await served.desk.ask(streams.read, given)
                record = record.after(asked.text, outcome.state, outcome.mark)
            finally:
                await self.store.give(name, record)
        return {"session": session, "steps": record.steps, **outcome.answer}  # type: ignore[typeddict-item]

    async def rewind(self, served: Served, session: str, asked: ToRewind) -> Session:
        """Take back the last steps."""
        streams, name = served.streams(), _name(served, session)
        async with _Turn(self._lines, name):
            record = await self.store.take(name)
            try:
                if asked.steps > record.back:
                    raise RefusedError(
                        422,
                        f"{asked.steps} is beyond the {record.back} steps that can be taken back",
                        location="steps",
                        hint="Fork a session where you may want to come back to.",
                    )
                given = (record.mark, record.remembered(asked.steps))
                state = await served.desk.ask(streams.replay, given)
                record = record.before(asked.steps, state)
            finally:
                await self.store.give(name, record)
        return _told(session, record)

    async def export(self, served: Served, session: str) -> Exported:
        name = _name(served, session)
        async with _Turn(self._lines, name):
            record = await self._look(name)
        return {"exported": sealed(self.store.key, record.packed(served.format().model))}

    async def end(self, served: Served, session: str) -> Session:
        name = _name(served, session)
        async with _Turn(self._lines, name):
            record = await self.store.take(name)
            await self.store.drop(name)
        return _told(session, record)

    async def _look(self, name: str) -> Record:
        record = await self.store.take(name)
        await self.store.give(name, record)
        return record

    async def _begun(self, served: Served, record: Record) -> Session:
        session = secrets.token_urlsafe(16)
        await self.store.add(_name(served, session), record)
        return _told(session, record)


def _name(served: Served, session: str) -> str:
    if not _NAME.fullmatch(session):
        raise unknown()
    return f"{served.short}:{session}"


def _told(session: str, record: Record) -> Session:
    return {"session": session, "steps": record.steps, "back": record.back}


class _Turn:
    """Whose turn it is with a session, first come, first served. Between turns it is nowhere:
    a lock kept for each session would be a tenth of its memory."""

    def __init__(self, lines: dict[str, deque[asyncio.Future[None]]], name: str) -> None:
        self._lines, self._name = lines, name

    async def __aenter__(self) -> None:
        line = self._lines.get(self._name)
        if line is None:
            self._lines[self._name] = deque()
            return
        if len(line) >= _LINE:
            raise busy("too many requests wait for this session", status=429)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was ours already
                self._pass_on()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        line = self._lines[self._name]
        while line:
            turn = line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._lines[self._name]
