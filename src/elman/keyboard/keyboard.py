"""A keyboard: letters go in, three words are offered after each, and what is written is learned.

Keystrokes are counted as `elman.metrics.keyboard` counts them: one a character, newlines excepted,
and one for a word that is taken, which brings the space after it. A slip and its correction cost
the same by hand and with help.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import takewhile

from elman.decoding.suggester import WORDS, ContextPosition
from elman.decoding.suggestions import Suggestion
from elman.errors import SettingError
from elman.keyboard.current_line import CurrentLine
from elman.keyboard.dynamic_evaluation import DynamicEvaluation
from elman.keyboard.memory import UserModel
from elman.keyboard.observations import context_of, observations_of
from elman.metrics.keyboard import OFFERED
from elman.tasks.language_modeling.model import LanguageModel
from elman.text.tokenizers.pretokenization import Kind, kind_of

TAIL = 300  # characters of a line in which its last word is looked for


class Keyboard:
    """What is written with a model's help, and what it teaches; the model stays as it is.

    ::

        keyboard = Keyboard(model)
        keyboard.type("see you t")
        keyboard.suggestions  # tomorrow, there, then
        keyboard.accept(0)

    Args:
        memory: what was learned before; it learns on. A new one where None.
        online: whether a copy of the network learns too, from each line that is ended. It cannot
            forget one word: to forget any is to be the model again. It is not kept in a file.

    Attributes:
        keystrokes: made so far.
    """

    def __init__(
        self, model: LanguageModel, memory: UserModel | None = None, *, online: bool = False
    ) -> None:
        self._dynamic = DynamicEvaluation(model) if online else None
        self.memory = UserModel() if memory is None else memory
        self.keystrokes = 0
        self._by_hand = 0
        self._suggester = (model if self._dynamic is None else self._dynamic.model).suggester
        self._lines: list[CurrentLine] = []
        self._begin(None)

    @property
    def text(self) -> str:
        """What is written so far."""
        return "\n".join(line.text for line in self._lines)

    @property
    def saved(self) -> int:
        """Keystrokes saved so far; below 0 where suggestions were taken that were not meant."""
        return self._by_hand - self.keystrokes

    @property
    def place_bytes(self) -> int:
        """Of the places in the text that are kept: states, and what is expected there."""
        return sum(line.place_bytes for line in self._lines)

    @cached_property
    def suggestions(self) -> list[Suggestion]:
        """Three words, or fewer, that may be meant: the one being typed, or the next."""
        line = self._lines[-1]
        context, lead = self._parted()
        return self._suggester.suggest(line.place(context), lead, self._taught, OFFERED)

    def type(self, text: str) -> None:
        """Letters, punctuation and newlines, one keystroke each (newlines excepted)."""
        for character in text:
            self._type(character)
        self._changed()

    def accept(self, number: int) -> None:
        """Take a suggestion, counted from 0, and the space that follows it.

        Raises:
            SettingError: where there is none of that number.
        """
        if not 0 <= number < len(self.suggestions):
            raise SettingError(
                f"there is no suggestion {number}",
                location="accept",
                hint=f"There are {len(self.suggestions)}, counted from 0.",
            )
        line, word = self._lines[-1], self.suggestions[number].word
        _, typed = WORDS.split_typed(line.text)
        space = "" if kind_of(word) & Kind.IDEOGRAPH else " "
        before = space if not typed and _brings_space(line.text) else ""
        brought = before + word[len(typed) :] + space
        line.append(brought, brought=True)
        line.spaced = bool(space)
        self._count(1, len(brought))
        self._changed()

    def delete(self, count: int = 1) -> None:
        """Take the last characters away, as far as there are any."""
        for _ in range(count):
            self._delete()
        self._changed()

    def rewrite(self, text: str) -> None:
        """Make of what is written another text, as an editor does: what is no longer there is
        deleted, what is new is typed. What stands behind that costs no keystroke."""
        old = self.text
        same = _alike(old, text)
        gone, new = old[same:], text[same:]
        behind = _alike(gone[::-1], new[::-1])
        self._move(lambda: self.delete(behind))
        if len(gone) > behind:
            self.delete(len(gone) - behind)
        self.type(new[: len(new) - behind])
        self._move(lambda: self.type(new[len(new) - behind :]))

    def finish(self) -> None:
        """Nothing more is to come: the last word is whole, and learned too."""
        self._teach(self._lines[-1].text)

    def clear(self) -> None:
        """Begin a new text; what the one before taught is known, and what it saved is counted."""
        self.finish()
        self._lines.clear()
        self._begin(None)

    def forget(self, word: str) -> None:
        """Forget a word that was learned; the model may still know it by itself."""
        self.memory.forget(word)
        self._unadapt()

    def forget_all(self) -> None:
        """Forget all that was learned."""
        self.memory.forget_all()
        self._unadapt()

    def _delete(self) -> None:
        line = self._lines[-1]
        if line.text:
            self._count(1, -1 if line.drop_last() else 1)
        elif len(self._lines) > 1:
            self._teach("")  # of what is gone already
            self._lines.pop()
            self._recall()

    def _move(self, change: Callable[[], None]) -> None:
        """A change that is none of the writer's, and costs nothing."""
        counted = self.keystrokes, self._by_hand
        change()
        self.keystrokes, self._by_hand = counted

    def _type(self, character: str) -> None:
        line = self._lines[-1]
        if line.spaced:
            line.spaced = False
            if character == " ":  # it is there already
                self._count(1, 0)
                return
            if kind_of(character) & Kind.CLOSE_BEFORE:
                line.drop_last()
                self._count(0, -1)
        if character == "\n":
            self._teach(line.text)
            self._adapt(line.text)
            self._begin(line.end())
            return
        line.append(character, brought=False)
        self._count(1, 1)

    def _count(self, made: int, by_hand: int) -> None:
        self.keystrokes += made
        self._by_hand += by_hand

    def _changed(self) -> None:
        vars(self).pop("suggestions", None)
        self._teach(self._parted()[0])

    def _recall(self) -> None:
        """What the memory says of the next word, here and now."""
        vars(self).pop("suggestions", None)
        self._taught = self.memory.taught(context_of(self._lines[-1].whole[-TAIL:]))

    def _adapt(self, text: str) -> None:
        if self._dynamic is not None:
            self._dynamic.learn(text)
            self._suggester.step = self._dynamic.model.suggester.step

    def _unadapt(self) -> None:
        if self._dynamic is not None:
            self._dynamic.forget()
            self._suggester.step = self._dynamic.model.suggester.step
        self._recall()

    def _begin(self, place: ContextPosition | None) -> None:
        """A new line."""
        self._lines.append(CurrentLine(self._suggester, place))
        self._recall()

    def _parted(self, end: int | None = None) -> tuple[str, str]:
        """The last line's (context, lead) up to a place, as `Suggester.parted` has them."""
        line = self._lines[-1].text[:end]
        cut = max(0, len(line) - TAIL)
        context, lead = self._suggester.split_by_file(line[cut:])
        return line[:cut] + context, lead

    def _teach(self, whole: str) -> None:
        """Learn the whole words of the last line, and take back those that are no longer there."""
        line = self._lines[-1]
        if whole == line.whole:
            return
        line.whole, now = whole, observations_of(whole)
        same = _alike([lesson for lesson, _ in line.taught], now)
        for lesson, evidence in line.taught[same:]:
            self.memory.unlearn(lesson)
            self.memory.unweigh(evidence)
        del line.taught[same:]
        for lesson, (start, _) in zip(now[same:], WORDS.words_in(whole)[same:], strict=True):
            context, lead = self._parted(start)
            believed = self._suggester.probability(line.place(context), lead, lesson.word)
            line.taught.append((lesson, self.memory.weigh(lesson, believed)))
            self.memory.learn(lesson)
        self._recall()


def _alike(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items at the beginning are the same in both."""
    both = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))


def _brings_space(text: str) -> bool:
    """Whether a word after this text brings the space before it."""
    if not text or text[-1].isspace():
        return False
    context, _ = WORDS.split_typed(text + " ")
    return context == text
