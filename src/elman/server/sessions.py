"""Sessions: a recurrent state that is stored between requests."""

from __future__ import annotations

import re
import secrets

from elman.server.http_errors import ApiError
from elman.server.openapi import Endpoint
from elman.server.operations.stateful import StatefulRunner, StepInput
from elman.server.registry import ModelEntry
from elman.server.schemas import (
    CreateSessionRequest,
    EmptyRequest,
    ExportResponse,
    RewindRequest,
    SessionResponse,
    StepRequest,
    StepResponse,
)
from elman.server.session_state import SessionState
from elman.server.signing import sign, verify
from elman.server.stores.store import SessionStore, no_session

_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


class Sessions:
    """The endpoints of sessions, for every model that steps.

    Args:
        store: where sessions are stored.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    async def create_session(
        self, entry: ModelEntry, request: CreateSessionRequest
    ) -> SessionResponse:
        """Create a session, empty or from an export."""
        if request.exported is None:
            return await self._add(entry, SessionState.initial(_runner(entry).initial_state))
        content = verify(self._store.key, request.exported)
        state = None
        if content is not None:
            state = SessionState.from_bytes(content, *entry.state_format())
        if state is None:
            raise ApiError(
                422,
                "it is not an export of this server and this model",
                location="exported",
                hint="Send the answer of /export unchanged.",
            )
        return await self._add(entry, state)

    async def step(self, entry: ModelEntry, session: str, request: StepRequest) -> StepResponse:
        """Feed a text to a session; returns the most probable tokens or classes after it."""
        name = _name(entry, session)
        state = await self._store.acquire(name)
        try:
            replayed = state.replayed(request.text)
            given = StepInput(state.state, request.text, request.count, state.checkpoint, replayed)
            output = await entry.dispatcher.submit(_runner(entry).step, given)
            state = state.stepped(request.text, output.state, output.checkpoint)
        finally:
            await self._store.release(name, state)
        return {"session": session, "steps": state.steps, **output.answer}  # type: ignore[typeddict-item]

    async def rewind(
        self, entry: ModelEntry, session: str, request: RewindRequest
    ) -> SessionResponse:
        """Undo the last steps of a session."""
        name = _name(entry, session)
        state = await self._store.acquire(name)
        try:
            if request.steps > state.rewindable:
                raise ApiError(
                    422,
                    f"{request.steps} is more than the {state.rewindable} steps that can be undone",
                    location="steps",
                    hint="Fork a session before steps that you may undo.",
                )
            given = (state.checkpoint, state.remaining(request.steps))
            earlier = await entry.dispatcher.submit(_runner(entry).replay, given)
            state = state.rewound(request.steps, earlier)
        finally:
            await self._store.release(name, state)
        return _described(session, state)

    async def fork(
        self,
        entry: ModelEntry,
        session: str,
        request: EmptyRequest,  # noqa: ARG002
    ) -> SessionResponse:
        """Create another session with the same state."""
        return await self._add(entry, await self._get(entry, session))

    async def export(self, entry: ModelEntry, session: str) -> ExportResponse:
        """The session as signed text, from which this server can create it again."""
        state = await self._get(entry, session)
        return {"exported": sign(self._store.key, state.to_bytes(entry.sha256))}

    async def get_session(self, entry: ModelEntry, session: str) -> SessionResponse:
        """How many steps a session has made."""
        return _described(session, await self._get(entry, session))

    async def delete_session(self, entry: ModelEntry, session: str) -> SessionResponse:
        """Delete a session."""
        name = _name(entry, session)
        state = await self._store.acquire(name)
        await self._store.delete(name)
        return _described(session, state)

    async def _get(self, entry: ModelEntry, session: str) -> SessionState:
        name = _name(entry, session)
        state = await self._store.acquire(name)
        await self._store.release(name, state)
        return state

    async def _add(self, entry: ModelEntry, state: SessionState) -> SessionResponse:
        session = secrets.token_urlsafe(16)
        await self._store.add(_name(entry, session), state)
        return _described(session, state)

    def endpoints(self) -> list[Endpoint]:
        """Below a model's path."""
        session = "/sessions/{session}"
        return [
            Endpoint.of("POST", f"{session}/step", self.step),
            Endpoint.of("POST", "/sessions", self.create_session),
            Endpoint.of("POST", f"{session}/fork", self.fork),
            Endpoint.of("POST", f"{session}/rewind", self.rewind),
            Endpoint.of("GET", f"{session}/export", self.export),
            Endpoint.of("GET", session, self.get_session),
            Endpoint.of("DELETE", session, self.delete_session),
        ]


def _runner(entry: ModelEntry) -> StatefulRunner:
    """Models without a runner have no routes to sessions."""
    assert entry.runner is not None
    return entry.runner


def _name(entry: ModelEntry, session: str) -> str:
    """The name of a session in the store.

    Raises:
        ApiError: where it cannot be the id of a session.
    """
    if not _ID.fullmatch(session):
        raise no_session()
    return f"{entry.short_hash}:{session}"


def _described(session: str, state: SessionState) -> SessionResponse:
    return {"session": session, "steps": state.steps, "rewindable": state.rewindable}
