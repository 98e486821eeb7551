"""Keyboards over HTTP: what `Keyboard` says, for one writer each."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.keyboard import Keyboard, memory_data, open_memory, save_memory
from elman.server.limits import MEMORY, WRITTEN, Limits

TEXT = "The quux sat on the mat.\nThe quu"
OPEN = "/models/mail/keyboards"


class Typing:
    """A keyboard of a server."""

    def __init__(self, client, opened, model="mail"):
        self.client, self.opened = client, opened
        self.path = f"/models/{model}/keyboards/{opened['keyboard']}"

    @classmethod
    async def begun(cls, client, model="mail", **asked):
        answer = await client.post(f"/models/{model}/keyboards", json=asked)
        assert answer.status_code == 200, answer.text
        return cls(client, answer.json(), model)

    async def post(self, what, **asked):
        return await self.client.post(f"{self.path}/{what}", json=asked)

    async def get(self, what):
        return (await self.client.get(f"{self.path}/{what}")).json()

    async def write(self, text, **more):
        answer = await self.post("write", text=text, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()


def agrees(answer, keyboard):
    """That an answer says how this keyboard stands."""
    assert answer["text"] == keyboard.text
    assert (answer["keystrokes"], answer["saved"]) == (keyboard.keystrokes, keyboard.saved)
    assert answer["learned"] == len(keyboard.memory)
    offered = [(each["word"], each["learned"]) for each in answer["suggestions"]]
    assert offered == [(each.word, each.word in keyboard.memory) for each in keyboard.suggestions]
    shares = [each["probability"] for each in answer["suggestions"]]
    assert shares == pytest.approx([each.probability for each in keyboard.suggestions], rel=1e-4)


@pytest.mark.parametrize("name", ["mail", "tale"])
def test_every_letter_is_answered_as_the_keyboard_itself_does(talk, models, name):
    async def conversation(client):
        typing = await Typing.begun(client, name)
        letters = [await typing.write(TEXT[:end]) for end in range(1, len(TEXT) + 1)]
        return typing.opened, letters, await typing.write(TEXT, accept=0)

    opened, letters, taken = talk(conversation, only={name})
    keyboard = Keyboard(models[name])
    agrees(opened, keyboard)
    for letter, answer in zip(TEXT, letters, strict=True):
        keyboard.type(letter)
        agrees(answer, keyboard)
    keyboard.accept(0)
    agrees(taken, keyboard)


def test_a_word_written_once_is_offered(talk):
    async def conversation(client):
        return await (await Typing.begun(client)).write(TEXT)

    first = talk(conversation, only={"mail"})["suggestions"][0]
    assert (first["word"], first["learned"]) == ("quux", True)


def test_what_follows_a_word_that_was_taken(talk):
    """The space that it brought is the one that is typed, and makes way for a full stop."""

    async def conversation(client):
        typing = await Typing.begun(client)
        taken = (await typing.write("The c", accept=0))["text"]
        spaced = await typing.write(taken + " ")
        await typing.write("The c")
        taken = (await typing.write("The c", accept=0))["text"]
        return taken, spaced, await typing.write(taken + ".")

    taken, spaced, stopped = talk(conversation, only={"mail"})
    assert taken.endswith(" ")
    assert spaced["text"] == taken
    assert stopped["text"] == taken[:-1] + "."


def test_a_text_that_is_sent_twice_is_written_once(talk):
    async def conversation(client):
        typing = await Typing.begun(client)
        return await typing.write("The quux "), await typing.write("The quux ")

    once, twice = talk(conversation, only={"mail"})
    assert once == twice


def test_a_text_that_is_cleared_stays_learned(talk):
    async def conversation(client):
        typing = await Typing.begun(client)
        written = await typing.write("see the quux")
        cleared = (await typing.post("clear")).json()
        return written, cleared, await typing.write("see the q")

    written, cleared, again = talk(conversation, only={"mail"})
    assert (written["learned"], cleared["learned"]) == (2, 3)
    assert (cleared["text"], cleared["keystrokes"]) == ("", written["keystrokes"])
    assert again["suggestions"][0]["word"] == "quux"


def test_what_was_learned_is_listed_and_forgotten(talk):
    async def conversation(client):
        typing = await Typing.begun(client)
        await typing.write("the quux and the quux. ")
        listed = await typing.get("learned")
        less = (await typing.post("forget", word="quux")).json()
        unknown = await typing.post("forget", word="quux")
        kept = await typing.get("memory")
        none = (await typing.post("forget-all")).json()
        return listed, less, unknown, kept, none, await typing.get("learned")

    listed, less, unknown, kept, none, nothing = talk(conversation, only={"mail"})
    found = {each["word"]: each for each in listed["words"]}
    assert set(found) == {"the", "quux", "and"}
    assert found["quux"]["times"] == 2
    assert found["quux"]["after"] == {"the": 2}
    assert less["learned"] == 2
    assert "quux" not in [each["word"] for each in less["suggestions"]]
    assert "quux" not in json.dumps(kept)
    assert unknown.status_code == 422
    assert (none["learned"], nothing["words"]) == (0, [])


def test_a_memory_is_the_file_of_elman_type(talk, models, tmp_path):
    """It comes from such a file, goes back to one, and is then the same as if typed there."""
    keyboard = Keyboard(models["mail"])
    keyboard.type("the quux sat. ")
    save_memory(keyboard.memory, tmp_path / "mine.json")

    async def conversation(client):
        mine = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))
        typing = await Typing.begun(client, memory=mine)
        await typing.write("a quux ")
        return typing.opened, await typing.get("memory")

    opened, memory = talk(conversation, only={"mail"})
    assert opened["learned"] == 3
    (tmp_path / "back.json").write_text(json.dumps(memory), encoding="utf-8")
    other = Keyboard(models["mail"], open_memory(tmp_path / "mine.json"))
    other.type("a quux ")
    back = memory_data(open_memory(tmp_path / "back.json"))
    assert back["counts"] == memory_data(other.memory)["counts"]
    for found, wanted in zip(back["trust"], other.memory.trust, strict=True):
        assert found == pytest.approx(wanted, rel=1e-4)


SOUND = {
    "elman": "keyboard memory",
    "schema": 1,
    "trust": [[2, 2, 2], [2, 2, 2]],
    "counts": [[[], {"cat": 2}], [["the"], {"dog": 1}]],
}
FORGED = {
    "nothing": {},
    "of another kind": {"elman": "model"},
    "of a later schema": SOUND | {"schema": 2},
    "words that would not be listed": SOUND,
    "a count below one": SOUND | {"counts": [[[], {"cat": 0}]]},
    "no count": SOUND | {"counts": [[[], {"cat": 1e300}]]},
    "no trust": SOUND | {"counts": [], "trust": [[2, 2, 2], [0, 2, 2]]},
    "too many words": SOUND | {"counts": [[[], {f"w{n}": 1 for n in range(10_001)}]]},
    "deep": SOUND | {"counts": [[[[[[]]]], {"cat": 1}]]},
}


@pytest.mark.parametrize("what", FORGED)
def test_a_memory_that_is_none_is_refused(post, what):
    status, answer = post(OPEN, {"memory": FORGED[what]}, only={"mail"})
    assert status == 422
    assert answer["error"]["cause"]


def test_a_memory_in_numbers_that_are_none(talk):
    async def conversation(client):
        forged = json.dumps(SOUND | {"counts": [], "trust": [[float("nan")] * 3] * 2})
        return await client.post(OPEN, content='{"memory": ' + forged + "}")

    assert talk(conversation, only={"mail"}).status_code == 422


@pytest.mark.parametrize(("size", "status"), [(MEMORY - 1_000, 422), (MEMORY + 1, 413)])
def test_a_memory_may_be_larger_than_other_requests(talk, size, status):
    async def conversation(client):
        return await client.post(OPEN, json={"memory": {"elman": "a" * size}})

    assert talk(conversation, only={"mail"}).status_code == status


def test_nobody_has_anothers_memory(talk):
    async def conversation(client):
        mine, other = await Typing.begun(client), await Typing.begun(client)
        await asyncio.gather(mine.write("the quux "), other.write("the zyzzyva "))
        foreign = await Typing(client, mine.opened, "tale").post("write", text="the q")
        found = [json.dumps(await typing.get("memory")) for typing in (mine, other)]
        return found, foreign, (await Typing.begun(client)).opened

    (mine, other), foreign, new = talk(conversation)
    assert "quux" in mine
    assert "quux" not in other
    assert "zyzzyva" not in mine
    assert foreign.status_code == 404
    assert new["learned"] == 0


def test_one_that_is_refused_undoes_no_others(talk):
    """Requests that are answered together are answered once."""

    async def conversation(client):
        typings = [await Typing.begun(client) for _ in range(8)]
        asked = [each.post("write", text="The c", accept=0) for each in typings[1:]]
        return await asyncio.gather(*asked, typings[0].post("write", text="q" * 40, accept=2))

    *answers, refused = talk(conversation, only={"mail"})
    assert refused.status_code == 422
    assert {answer.json()["keystrokes"] for answer in answers} == {6}


@pytest.mark.parametrize(
    ("what", "asked", "status"),
    [
        ("write", {"text": "a" * (WRITTEN + 1)}, 422),
        ("write", {"text": "a", "accept": 3}, 422),
        ("write", {"text": "a", "accept": -1}, 422),
        ("write", {"text": 5}, 422),
        ("write", {}, 422),
        ("forget", {}, 422),
        ("forget", {"word": "never written"}, 422),
        ("write", {"text": "漢字\x00\n\n\t \U0001f600\u200d"}, 200),
        ("write", {"text": "a\r\nb"}, 200),
        ("write", {"text": "a\n" * (WRITTEN // 2)}, 200),
        ("write", {"text": "a" * WRITTEN}, 200),
    ],
)
def test_what_may_be_asked(talk, what, asked, status):
    async def conversation(client):
        return await (await Typing.begun(client)).post(what, **asked)

    assert talk(conversation, only={"mail"}).status_code == status


@pytest.mark.parametrize("keyboard", ["x", "..", "a" * 22, "%00"])
def test_a_keyboard_that_was_never_there_is_not_found(post, keyboard):
    assert post(f"{OPEN}/{keyboard}/write", {"text": "a"}, only={"mail"})[0] == 404


def test_other_models_have_no_keyboard(post):
    assert post("/models/reviews/keyboards", {})[0] == 404


def test_a_closed_keyboard_is_gone(talk):
    async def conversation(client):
        typing = await Typing.begun(client)
        closed = await client.delete(typing.path)
        return closed, await typing.post("write", text="a"), await client.delete(typing.path)

    assert [each.status_code for each in talk(conversation, only={"mail"})] == [200, 404, 404]


def test_a_thousand_opened_and_left(talk):
    """There is no room for more, those that are there go on, and no memory is lost for it."""

    async def conversation(client):
        typing = await Typing.begun(client)
        opened = [(await client.post(OPEN, json={})) for _ in range(1_000)]
        return opened, await typing.write("a")

    opened, written = talk(conversation, only={"mail"})
    assert [each.status_code for each in opened] == [200] * 999 + [503]
    assert "retry-after" in opened[-1].headers
    assert written["text"] == "a"


def test_keyboards_left_alone_are_forgotten(talk):
    async def conversation(client):
        typing = await Typing.begun(client)
        full = await client.post(OPEN, json={})
        await asyncio.sleep(2.2)
        return full, await typing.post("write", text="a"), await client.post(OPEN, json={})

    limits = Limits(keyboards=1, idle=0.5)
    answers = talk(conversation, only={"mail"}, limits=limits)
    assert [each.status_code for each in answers] == [503, 404, 200]


def test_keyboards_take_no_more_bytes_than_they_may(talk):
    async def conversation(client):
        typing = await Typing.begun(client)
        statuses = []
        for end in range(0, 800, 40):
            answer = await typing.post("write", text="the quux sat on it and " * (end // 20))
            statuses.append(answer.status_code)
        closed = await client.delete(typing.path)
        return statuses, closed.status_code, (await client.post(OPEN, json={})).status_code

    limits = Limits(keyboard_bytes=100_000)
    statuses, closed, again = talk(conversation, only={"mail"}, limits=limits)
    assert statuses[0] == 200
    assert statuses[-1] == 503
    assert (closed, again) == (200, 200)


edits = st.lists(st.text("ab .\n", max_size=12), min_size=1, max_size=6)


@given(edits)
@settings(max_examples=60, deadline=None)
def test_a_text_that_is_rewritten_teaches_what_it_says(words, texts):
    """However it came to be, a text has taught what it would have, had it been typed at once."""
    keyboard = Keyboard(words)
    for text in texts:
        keyboard.rewrite(text)
        assert keyboard.text == text
    once = Keyboard(words)
    once.type(texts[-1])
    assert keyboard.memory.learned() == once.memory.learned()
    assert [each.word for each in keyboard.suggestions] == [each.word for each in once.suggestions]


def test_a_letter_in_the_middle_is_one_keystroke(words):
    keyboard = Keyboard(words)
    keyboard.type("the ct sat")
    keyboard.rewrite("the cat sat")
    assert (keyboard.keystrokes, keyboard.saved) == (11, 0)
    keyboard.rewrite("the sat")
    assert (keyboard.keystrokes, keyboard.saved) == (15, 0)
