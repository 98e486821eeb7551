"""The order in which a program runs over time: which operations take all tokens at once, and which
go time by time because they carry the state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Access(NamedTuple):
    """The slots that an operation reads and writes, by number.

    Attributes:
        in_order: whether it must run time by time even if it carries no state.
    """

    reads: frozenset[int]
    writes: frozenset[int]
    in_order: bool = False

    def precedes(self, later: Access) -> bool:
        """Whether a later operation of the step needs this one to run before it."""
        return bool(self.writes & (later.reads | later.writes) or self.reads & later.writes)


class Group(NamedTuple):
    """Operations that run together, in this order; time by time if they carry a state."""

    carries_state: bool
    operations: list[int]


def groups_of(operations: Sequence[Access], states: Sequence[tuple[int, int]]) -> list[Group]:
    """Group the operations of a step for a run over time.

    Operations on a cycle through the state, from the slot before to the slot after, form one group.
    All others run on many tokens at once, unless they read a state before: its rows are not
    contiguous over time.

    Args:
        operations: in the order of the step.
        states: the slots of each state before and after a step.
    """
    before = {first for first, _ in states}
    following = _following(operations, states)
    reach = _closure(following)
    members = _components(reach)
    order = _in_order_of_need(members, following)
    groups: list[Group] = []
    for component in order:
        first = component[0]
        carries = (
            bool(reach[first] >> first & 1)
            or operations[first].in_order
            or bool(operations[first].reads & before)
        )
        if groups and not carries and not groups[-1].carries_state:
            groups[-1].operations.extend(component)
        else:
            groups.append(Group(carries, list(component)))
    return groups


def _following(operations: Sequence[Access], states: Sequence[tuple[int, int]]) -> list[int]:
    """For each operation the ones that need it, as bits."""
    following = [0] * len(operations)
    for first, operation in enumerate(operations):
        for later in range(first + 1, len(operations)):
            if operation.precedes(operations[later]):
                following[first] |= 1 << later
        for before, after in states:
            if after in operation.writes:
                for reader, other in enumerate(operations):
                    if before in other.reads:
                        following[first] |= 1 << reader
    return following


def _closure(following: Sequence[int]) -> list[int]:
    """For each operation all that it reaches in one step or more, as bits."""
    reach = list(following)
    for through in range(len(reach)):
        for first in range(len(reach)):
            if reach[first] >> through & 1:
                reach[first] |= reach[through]
    return reach


def _components(reach: Sequence[int]) -> list[list[int]]:
    """The operations that reach each other, in the order of the step; others alone."""
    components: list[list[int]] = []
    of: dict[int, list[int]] = {}
    for each in range(len(reach)):
        together = next(
            (of[other] for other in of if reach[each] >> other & 1 and reach[other] >> each & 1),
            None,
        )
        if together is None:
            together = []
            components.append(together)
        together.append(each)
        of[each] = together
    return components


def _in_order_of_need(
    components: Sequence[list[int]], following: Sequence[int]
) -> Iterator[list[int]]:
    """Components after all that they need, otherwise in the order of the step."""
    number = {each: index for index, component in enumerate(components) for each in component}
    needs: list[set[int]] = [set() for _ in components]
    for first, later in enumerate(following):
        for each, index in number.items():
            if later >> each & 1 and index != number[first]:
                needs[index].add(number[first])
    waiting = list(range(len(components)))
    while waiting:
        ready = next(index for index in waiting if not needs[index] & set(waiting))
        waiting.remove(ready)
        yield components[ready]
