"""A keyboard: suggests three words after each letter, and learns from what is written.

Keystrokes are counted as in `elman.metrics.keyboard`: one for each character except newlines, and
one for each accepted word with the space after it. A typing error and its correction cost the same
with and without suggestions.
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

MAX_TAIL = 300  # characters at the end of a line that are searched for its last word


class Keyboard:
    """A text written with suggestions, and the words learned from it. The model stays unchanged.

    ::

        keyboard = Keyboard(model)
        keyboard.type("see you t")
        keyboard.suggestions  # tomorrow, there, then
        keyboard.accept(0)

    Args:
        model: makes the suggestions.
        memory: words learned before, which goes on learning; default: an empty one.
        online: whether to train a copy of the network on each finished line. The copy cannot
            forget single words: forgetting any word restores the trained weights. It is not saved.

    Attributes:
        memory: the words learned.
        keystrokes: count so far.
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
        self._begin_line(None)

    @property
    def text(self) -> str:
        """The text so far."""
        return "\n".join(line.text for line in self._lines)

    @property
    def saved(self) -> int:
        """Keystrokes saved so far; negative after suggestions accepted by mistake."""
        return self._by_hand - self.keystrokes

    @property
    def state_bytes(self) -> int:
        """Bytes of the cached positions in the text: states and logits."""
        return sum(line.state_bytes for line in self._lines)

    @cached_property
    def suggestions(self) -> list[Suggestion]:
        """At most three suggestions for the word being typed, or the next word."""
        line = self._lines[-1]
        context, prefix = self._split_prefix()
        return self._suggester.suggest(line.position(context), prefix, self._prior, OFFERED)

    def type(self, text: str) -> None:
        """Type text: one keystroke for each character except newlines."""
        for character in text:
            self._type(character)
        self._changed()

    def accept(self, number: int) -> None:
        """Accept a suggestion, and the space that follows it. Letters that were typed otherwise
        than the suggestion has them, such as dont of don't, are replaced.

        Args:
            number: index in `suggestions`, from 0.

        Raises:
            SettingError: no such suggestion.
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
        before = space if not typed and _needs_space(line.text) else ""
        kept = _common_prefix(typed, word)
        for _ in typed[kept:]:
            line.drop_last()
        completion = before + word[kept:] + space
        line.append(completion, accepted=True)
        line.auto_space = bool(space)
        self._count(1, len(completion) - len(typed[kept:]))
        self._changed()

    def delete(self, count: int = 1) -> None:
        """Delete the last characters, at most all."""
        for _ in range(count):
            self._delete()
        self._changed()

    def rewrite(self, text: str) -> None:
        """Change the text into another, as an edit: delete what is gone, and type what is new. The
        text after the edit costs no keystrokes."""
        old = self.text
        shared = _common_prefix(old, text)
        removed, new = old[shared:], text[shared:]
        suffix = _common_prefix(removed[::-1], new[::-1])
        self._uncounted(lambda: self.delete(suffix))
        if len(removed) > suffix:
            self.delete(len(removed) - suffix)
        self.type(new[: len(new) - suffix])
        self._uncounted(lambda: self.type(new[len(new) - suffix :]))

    def finish(self) -> None:
        """End the text: learn its last word too."""
        self._learn(self._lines[-1].text)

    def clear(self) -> None:
        """Start a new text; the words learned stay."""
        self.finish()
        self._lines.clear()
        self._begin_line(None)

    def forget(self, word: str) -> None:
        """Forget a learned word. It may still be in the vocabulary of the model."""
        self.memory.forget(word)
        self._restore_network()

    def forget_all(self) -> None:
        """Forget all learned words."""
        self.memory.forget_all()
        self._restore_network()

    def _delete(self) -> None:
        line = self._lines[-1]
        if line.text:
            self._count(1, -1 if line.drop_last() else 1)
        elif len(self._lines) > 1:
            self._learn("")  # unlearn the deleted words of this line
            self._lines.pop()
            self._update_prior()

    def _uncounted(self, change: Callable[[], None]) -> None:
        """Make a change without counting keystrokes."""
        counts = self.keystrokes, self._by_hand
        change()
        self.keystrokes, self._by_hand = counts

    def _type(self, character: str) -> None:
        line = self._lines[-1]
        if line.auto_space:
            line.auto_space = False
            if character == " ":  # already there
                self._count(1, 0)
                return
            if kind_of(character) & Kind.CLOSE_BEFORE:
                line.drop_last()
                self._count(0, -1)
        if character == "\n":
            self._learn(line.text)
            self._train_network(line.text)
            self._begin_line(line.end())
            return
        line.append(character, accepted=False)
        self._count(1, 1)

    def _count(self, keystrokes: int, by_hand: int) -> None:
        """Count keystrokes made, and keystrokes needed without suggestions."""
        self.keystrokes += keystrokes
        self._by_hand += by_hand

    def _changed(self) -> None:
        vars(self).pop("suggestions", None)
        self._learn(self._split_prefix()[0])

    def _update_prior(self) -> None:
        """Look up the words of the user that may come next."""
        vars(self).pop("suggestions", None)
        self._prior = self.memory.prior(context_of(self._lines[-1].learned_text[-MAX_TAIL:]))

    def _train_network(self, text: str) -> None:
        if self._dynamic is not None:
            self._dynamic.learn(text)
            self._suggester.network = self._dynamic.model.predicting

    def _restore_network(self) -> None:
        if self._dynamic is not None:
            self._dynamic.forget()
            self._suggester.network = self._dynamic.model.predicting
        self._update_prior()

    def _begin_line(self, start: ContextPosition | None) -> None:
        self._lines.append(CurrentLine(self._suggester, start))
        self._update_prior()

    def _split_prefix(self, end: int | None = None) -> tuple[str, str]:
        """`Suggester.split_prefix` of the last line up to a character."""
        line = self._lines[-1].text[:end]
        start = max(0, len(line) - MAX_TAIL)
        context, prefix = self._suggester.split_prefix(line[start:])
        return line[:start] + context, prefix

    def _learn(self, text: str) -> None:
        """Learn the words of this start of the last line, and unlearn words that are gone."""
        line = self._lines[-1]
        if text == line.learned_text:
            return
        line.learned_text, observations = text, observations_of(text)
        shared = _common_prefix([observation for observation, _ in line.observations], observations)
        for observation, evidence in line.observations[shared:]:
            self.memory.unlearn(observation)
            self.memory.undo_update(evidence)
        del line.observations[shared:]
        spans = WORDS.words_in(text)[shared:]
        for observation, (start, _) in zip(observations[shared:], spans, strict=True):
            context, prefix = self._split_prefix(start)
            position = line.position(context)
            probability = self._suggester.probability(position, prefix, observation.word)
            evidence = self.memory.update_weights(observation, probability)
            line.observations.append((observation, evidence))
            self.memory.learn(observation)
        self._update_prior()


def _common_prefix(one: Sequence[object], other: Sequence[object]) -> int:
    """Length of the longest common prefix."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _needs_space(text: str) -> bool:
    """Whether a space comes before a word that is accepted after this text."""
    if not text or text[-1].isspace():
        return False
    context, _ = WORDS.split_typed(text + " ")
    return context == text
