"""Keyboards over HTTP: each answers as `Keyboard` does."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server_process import answer_when_there_is_room

from elman.keyboard import Keyboard, memory_data, open_memory, save_memory
from elman.server.limits import MAX_KEYBOARD_LENGTH, MAX_MEMORY_BYTES, Limits

TEXT = "The quux sat on the mat.\nThe quu"
CREATE = "/models/mail/keyboards"


class Typing:
    """A keyboard of a server."""

    def __init__(self, client, created, model="mail"):
        self.client, self.created = client, created
        self.path = f"/models/{model}/keyboards/{created['keyboard']}"

    @classmethod
    async def create(cls, client, model="mail", **body):
        answer = await client.post(f"/models/{model}/keyboards", json=body)
        assert answer.status_code == 200, answer.text
        return cls(client, answer.json(), model)

    async def post(self, what, **body):
        return await self.client.post(f"{self.path}/{what}", json=body)

    async def get(self, what):
        return (await self.client.get(f"{self.path}/{what}")).json()

    async def write(self, text, **more):
        answer = await self.post("write", text=text, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()


def assert_state(answer, keyboard):
    """The answer is the state of this keyboard."""
    assert answer["text"] == keyboard.text
    assert answer["keystrokes"] == keyboard.keystrokes
    assert answer["keystrokes_saved"] == keyboard.saved
    assert answer["user_words"] == len(keyboard.memory)
    suggested = [(each["word"], each["user_word"]) for each in answer["suggestions"]]
    assert suggested == [(each.word, each.word in keyboard.memory) for each in keyboard.suggestions]
    probabilities = [each["probability"] for each in answer["suggestions"]]
    assert probabilities == pytest.approx(
        [each.probability for each in keyboard.suggestions], rel=1e-4
    )


@pytest.mark.parametrize("name", ["mail", "tale"])
def test_every_character_is_answered_as_by_the_keyboard(converse, models, name):
    async def conversation(client):
        typing = await Typing.create(client, name)
        letters = [await typing.write(TEXT[:end]) for end in range(1, len(TEXT) + 1)]
        return typing.created, letters, await typing.write(TEXT, accept=0)

    created, letters, taken = converse(conversation, only={name})
    keyboard = Keyboard(models[name])
    assert_state(created, keyboard)
    for letter, answer in zip(TEXT, letters, strict=True):
        keyboard.type(letter)
        assert_state(answer, keyboard)
    keyboard.accept(0)
    assert_state(taken, keyboard)


def test_a_word_written_once_is_suggested(converse):
    async def conversation(client):
        return await (await Typing.create(client)).write(TEXT)

    first = converse(conversation, only={"mail"})["suggestions"][0]
    assert (first["word"], first["user_word"]) == ("quux", True)


def test_the_space_after_an_accepted_word(converse):
    """It is the space that is typed next, and a full stop replaces it."""

    async def conversation(client):
        typing = await Typing.create(client)
        taken = (await typing.write("The c", accept=0))["text"]
        spaced = await typing.write(taken + " ")
        await typing.write("The c")
        taken = (await typing.write("The c", accept=0))["text"]
        return taken, spaced, await typing.write(taken + ".")

    taken, spaced, stopped = converse(conversation, only={"mail"})
    assert taken.endswith(" ")
    assert spaced["text"] == taken
    assert stopped["text"] == taken[:-1] + "."


def test_a_text_sent_twice_is_written_once(converse):
    async def conversation(client):
        typing = await Typing.create(client)
        return await typing.write("The quux "), await typing.write("The quux ")

    once, twice = converse(conversation, only={"mail"})
    assert once == twice


def test_a_cleared_text_stays_learned(converse):
    async def conversation(client):
        typing = await Typing.create(client)
        written = await typing.write("see the quux")
        cleared = (await typing.post("clear")).json()
        return written, cleared, await typing.write("see the q")

    written, cleared, again = converse(conversation, only={"mail"})
    assert (written["user_words"], cleared["user_words"]) == (2, 3)
    assert (cleared["text"], cleared["keystrokes"]) == ("", written["keystrokes"])
    assert again["suggestions"][0]["word"] == "quux"


def test_user_words_are_listed_and_forgotten(converse):
    async def conversation(client):
        typing = await Typing.create(client)
        await typing.write("the quux and the quux. ")
        listed = await typing.get("user-words")
        less = (await typing.post("forget", word="quux")).json()
        unknown = await typing.post("forget", word="quux")
        memory = await typing.get("memory")
        none = (await typing.post("forget-all")).json()
        return listed, less, unknown, memory, none, await typing.get("user-words")

    listed, less, unknown, memory, none, nothing = converse(conversation, only={"mail"})
    result = {each["word"]: each for each in listed["words"]}
    assert set(result) == {"the", "quux", "and"}
    assert result["quux"]["count"] == 2
    assert result["quux"]["after"] == {"the": 2}
    assert less["user_words"] == 2
    assert "quux" not in [each["word"] for each in less["suggestions"]]
    assert "quux" not in json.dumps(memory)
    assert unknown.status_code == 422
    assert (none["user_words"], nothing["words"]) == (0, [])


def test_a_memory_is_a_file_of_elman_type(converse, models, tmp_path):
    """Read from such a file and written to one, it is as if all was typed there."""
    keyboard = Keyboard(models["mail"])
    keyboard.type("the quux sat. ")
    save_memory(keyboard.memory, tmp_path / "mine.json")

    async def conversation(client):
        mine = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))
        typing = await Typing.create(client, memory=mine)
        await typing.write("a quux ")
        return typing.created, await typing.get("memory")

    created, memory = converse(conversation, only={"mail"})
    assert created["user_words"] == 3
    (tmp_path / "back.json").write_text(json.dumps(memory), encoding="utf-8")
    other = Keyboard(models["mail"], open_memory(tmp_path / "mine.json"))
    other.type("a quux ")
    back = memory_data(open_memory(tmp_path / "back.json"))
    assert back["counts"] == memory_data(other.memory)["counts"]
    for result, expected in zip(back["trust"], other.memory.evidence, strict=True):
        assert result == pytest.approx(expected, rel=1e-4)


VALID = {
    "elman": "keyboard memory",
    "schema": 1,
    "trust": [[2, 2, 2], [2, 2, 2]],
    "counts": [[[], {"cat": 2}], [["the"], {"dog": 1}]],
}
FORGED = {
    "nothing": {},
    "of another kind": {"elman": "model"},
    "of a later schema": VALID | {"schema": 2},
    "words that are not in its list": VALID,
    "a count below one": VALID | {"counts": [[[], {"cat": 0}]]},
    "no count": VALID | {"counts": [[[], {"cat": 1e300}]]},
    "no trust": VALID | {"counts": [], "trust": [[2, 2, 2], [0, 2, 2]]},
    "too many words": VALID | {"counts": [[[], {f"w{n}": 1 for n in range(10_001)}]]},
    "deep": VALID | {"counts": [[[[[[]]]], {"cat": 1}]]},
}


@pytest.mark.parametrize("what", FORGED)
def test_an_invalid_memory_is_refused(post, what):
    status, answer = post(CREATE, {"memory": FORGED[what]}, only={"mail"})
    assert status == 422
    assert answer["error"]["cause"]


def test_a_memory_with_numbers_that_are_not_finite_is_refused(converse):
    async def conversation(client):
        forged = json.dumps(VALID | {"counts": [], "trust": [[float("nan")] * 3] * 2})
        return await client.post(CREATE, content='{"memory": ' + forged + "}")

    assert converse(conversation, only={"mail"}).status_code == 422


@pytest.mark.parametrize(
    ("size", "status"), [(MAX_MEMORY_BYTES - 1_000, 422), (MAX_MEMORY_BYTES + 1, 413)]
)
def test_a_memory_may_be_larger_than_other_requests(converse, size, status):
    async def conversation(client):
        return await client.post(CREATE, json={"memory": {"elman": "a" * size}})

    assert converse(conversation, only={"mail"}).status_code == status


def test_keyboards_have_their_own_memories(converse):
    async def conversation(client):
        mine, other = await Typing.create(client), await Typing.create(client)
        await asyncio.gather(mine.write("the quux "), other.write("the zyzzyva "))
        foreign = await Typing(client, mine.created, "tale").post("write", text="the q")
        result = [json.dumps(await typing.get("memory")) for typing in (mine, other)]
        return result, foreign, (await Typing.create(client)).created

    (mine, other), foreign, new = converse(conversation)
    assert "quux" in mine
    assert "quux" not in other
    assert "zyzzyva" not in mine
    assert foreign.status_code == 404
    assert new["user_words"] == 0


def test_an_invalid_request_does_not_repeat_the_others(converse):
    """Each request of a batch changes its keyboard once."""

    async def conversation(client):
        typings = [await Typing.create(client) for _ in range(8)]
        body = [each.post("write", text="The c", accept=0) for each in typings[1:]]
        return await asyncio.gather(*body, typings[0].post("write", text="q" * 40, accept=2))

    *answers, refused = converse(conversation, only={"mail"})
    assert refused.status_code == 422
    assert {answer.json()["keystrokes"] for answer in answers} == {6}


@pytest.mark.parametrize(
    ("what", "body", "status"),
    [
        ("write", {"text": "a" * (MAX_KEYBOARD_LENGTH + 1)}, 422),
        ("write", {"text": "a", "accept": 3}, 422),
        ("write", {"text": "a", "accept": -1}, 422),
        ("write", {"text": 5}, 422),
        ("write", {}, 422),
        ("forget", {}, 422),
        ("forget", {"word": "never written"}, 422),
        ("write", {"text": "漢字\x00\n\n\t \U0001f600\u200d"}, 200),
        ("write", {"text": "a\r\nb"}, 200),
        ("write", {"text": "a\n" * (MAX_KEYBOARD_LENGTH // 2)}, 200),
        ("write", {"text": "a" * MAX_KEYBOARD_LENGTH}, 200),
    ],
)
def test_texts_and_words_are_validated(converse, what, body, status):
    async def conversation(client):
        return await (await Typing.create(client)).post(what, **body)

    assert converse(conversation, only={"mail"}).status_code == status


@pytest.mark.parametrize("keyboard", ["x", "..", "a" * 22, "%00"])
def test_an_unknown_keyboard_is_not_found(post, keyboard):
    assert post(f"{CREATE}/{keyboard}/write", {"text": "a"}, only={"mail"})[0] == 404


def test_models_of_other_tasks_have_no_keyboards(post):
    assert post("/models/reviews/keyboards", {})[0] == 404


def test_a_deleted_keyboard_is_not_found(converse):
    async def conversation(client):
        typing = await Typing.create(client)
        deleted = await client.delete(typing.path)
        return deleted, await typing.post("write", text="a"), await client.delete(typing.path)

    assert [each.status_code for each in converse(conversation, only={"mail"})] == [200, 404, 404]


def test_a_thousand_keyboards_are_the_limit(converse):
    """A further one is refused, and those that exist continue."""

    async def conversation(client):
        typing = await Typing.create(client)
        created = [(await client.post(CREATE, json={})) for _ in range(1_000)]
        return created, await typing.write("a")

    created, written = converse(conversation, only={"mail"})
    assert [each.status_code for each in created] == [200] * 999 + [503]
    assert "retry-after" in created[-1].headers
    assert written["text"] == "a"


def test_idle_keyboards_are_evicted(converse):
    async def conversation(client):
        typing = await Typing.create(client)
        full = await client.post(CREATE, json={})
        again = await answer_when_there_is_room(client, CREATE)
        return full, await typing.post("write", text="a"), again

    limits = Limits(keyboards=1, idle=0.5)
    answers = converse(conversation, only={"mail"}, limits=limits)
    assert [each.status_code for each in answers] == [503, 404, 200]


def test_the_bytes_of_all_keyboards_are_limited(converse):
    async def conversation(client):
        typing = await Typing.create(client)
        statuses = []
        for end in range(0, 800, 40):
            answer = await typing.post("write", text="the quux sat on it and " * (end // 20))
            statuses.append(answer.status_code)
        deleted = await client.delete(typing.path)
        return statuses, deleted.status_code, (await client.post(CREATE, json={})).status_code

    limits = Limits(keyboard_bytes=100_000)
    statuses, deleted, again = converse(conversation, only={"mail"}, limits=limits)
    assert statuses[0] == 200
    assert statuses[-1] == 503
    assert (deleted, again) == (200, 200)


edits = st.lists(st.text("ab .\n", max_size=12), min_size=1, max_size=6)


@given(edits)
@settings(max_examples=60, deadline=None)
def test_a_rewritten_text_teaches_as_if_typed_at_once(words, texts):
    keyboard = Keyboard(words)
    for text in texts:
        keyboard.rewrite(text)
        assert keyboard.text == text
    once = Keyboard(words)
    once.type(texts[-1])
    assert keyboard.memory.learned() == once.memory.learned()
    assert [each.word for each in keyboard.suggestions] == [each.word for each in once.suggestions]


def test_a_character_in_the_middle_is_one_keystroke(words):
    keyboard = Keyboard(words)
    keyboard.type("the ct sat")
    keyboard.rewrite("the cat sat")
    assert (keyboard.keystrokes, keyboard.saved) == (11, 0)
    keyboard.rewrite("the sat")
    assert (keyboard.keystrokes, keyboard.saved) == (15, 0)
