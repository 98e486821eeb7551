"""The keyboard in a browser, on a real server: what `Keyboard` suggests, shown and pressed."""

from __future__ import annotations

import json
import time

import pytest

from elman.keyboard import Keyboard, UserModel, open_memory

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
OFFERED = "[aria-label=Suggestions] button"


@pytest.fixture
def typing(opened, served):
    """A page with a keyboard that is open; its address asked for again and again is a new one."""

    def begun(**settings):
        page = opened(f"{served}/#words", **settings).page
        page.locator(OFFERED).first.wait_for()
        return page

    return begun


def settled(page, text):
    """Wait until the text stands there, and what is offered is for it."""
    page.wait_for_function(
        "text => document.querySelector('#text').value === text"
        " && document.querySelector('[aria-label=Suggestions]').ariaBusy !== 'true'",
        arg=text,
    )


def shows(page, keyboard):
    """The page shows the state of this keyboard."""
    settled(page, keyboard.text)
    wanted = [each.word for each in keyboard.suggestions]
    assert page.locator(OFFERED).all_text_contents() == wanted
    assert page.get_by_text(f"{keyboard.keystrokes} keystrokes, {keyboard.saved} saved").count()
    words = page.locator("elman-keyboard summary").text_content()
    count = len(keyboard.memory)
    assert words.endswith(f": {count} word{'s' * (count != 1)}")


def test_letter_by_letter(typing, writer):
    page, keyboard = typing(), Keyboard(writer)
    shows(page, keyboard)
    page.focus("#text")
    for letter in "The quux sat.\nThe q":
        page.keyboard.press("Enter" if letter == "\n" else letter)
        keyboard.type(letter)
        shows(page, keyboard)
    assert page.locator(OFFERED).first.text_content() == "quux"
    assert "of-user" in page.locator(OFFERED).first.get_attribute("class")


def test_a_suggestion_is_taken(typing, writer):
    page, keyboard = typing(), Keyboard(writer)
    page.focus("#text")
    for key, index in (("Alt+1", 0), ("Alt+2", 1), ("Alt+3", 2), ("Tab", 0), ("click", 1)):
        page.keyboard.type("The ")
        keyboard.type("The ")
        shows(page, keyboard)
        if key == "click":
            page.locator(OFFERED).nth(index).click()
        else:
            page.keyboard.press(key)
        keyboard.accept(index)
        shows(page, keyboard)
        assert page.evaluate("document.activeElement.id") == "text", key
        page.keyboard.type(".")  # in place of the space that came with the word
        keyboard.type(".")
        shows(page, keyboard)


def test_digits_are_text_and_after_escape_the_tab_key_leaves(typing):
    page = typing()
    page.focus("#text")
    page.keyboard.type("I have 2 dogs and 31 ")
    settled(page, "I have 2 dogs and 31 ")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") != "text"


def test_fast_typing_shows_nothing_old(typing, writer):
    """Whatever is shown as current was offered for the very text that stands there."""
    page = typing()
    page.evaluate(
        """() => {
          window.shown = [];
          const box = document.querySelector("#text");
          const row = document.querySelector("[aria-label=Suggestions]");
          new MutationObserver(() => {
            if (row.ariaBusy === "true") return;
            shown.push([box.value, [...row.children].map((each) => each.textContent)]);
          }).observe(row, { childList: true, attributes: true });
        }"""
    )
    text = "The small king sat on the old tree and didn't like the river "
    page.focus("#text")
    page.keyboard.type(text, delay=3)
    settled(page, text)
    shown = page.evaluate("shown")
    assert shown[-1][0] == text
    for stood, words in shown:
        keyboard = Keyboard(writer)
        keyboard.type(stood)
        assert words == [each.word for each in keyboard.suggestions], stood


def test_answers_that_come_late_are_not_shown(typing, writer):
    """The network is slow: in the meantime the text goes on, a word is taken, and all is kept."""
    page = typing()
    page.route("**/write", lambda route: (time.sleep(0.3), route.continue_()))
    page.focus("#text")
    page.keyboard.type("The small ki")
    page.locator("[aria-label=Suggestions].stale").wait_for()
    keyboard = Keyboard(writer)
    keyboard.type("The small ki")
    shows(page, keyboard)
    keyboard.accept(0)
    page.keyboard.press("Alt+1")
    page.keyboard.press("s")  # before the word is there
    keyboard.type("s")
    shows(page, keyboard)


def test_what_was_learned_is_listed_and_forgotten(typing):
    page = typing()
    page.fill("#text", "the quux and <img src=x onerror=hacked=1> zyzzyva ")
    page.locator("elman-keyboard summary").click()
    page.get_by_role("button", name="Forget quux").click()
    page.get_by_role("button", name="Forget quux").wait_for(state="detached")
    assert page.get_by_role("button", name="Forget zyzzyva").count() == 1
    assert page.locator("img").count() == 0
    page.get_by_role("button", name="Forget all").click()
    page.get_by_role("button", name="Forget zyzzyva").wait_for(state="detached")
    assert page.locator("elman-keyboard summary").text_content().endswith(": 0 words")


def test_it_is_kept_in_a_file_and_opened_again(typing, writer, tmp_path):
    page, keyboard = typing(), Keyboard(writer)
    page.fill("#text", "the quux sat ")
    keyboard.type("the quux sat ")
    shows(page, keyboard)
    page.locator("elman-keyboard summary").click()
    with page.expect_download() as kept:
        page.get_by_role("button", name="Save to a file").click()
    file = tmp_path / kept.value.suggested_filename
    kept.value.save_as(file)
    memory = open_memory(file)
    assert memory.learned() == keyboard.memory.learned()

    other = typing()
    other.locator("elman-keyboard summary").click()
    other.get_by_label("Open a saved file").set_input_files(file)
    other.get_by_role("button", name="Forget quux").wait_for()
    shows(other, Keyboard(writer, memory))


def test_a_file_that_is_no_memory(typing, writer, tmp_path):
    """It is reported, and what was learned is still there."""
    page, keyboard = typing(), Keyboard(writer, UserModel())
    page.context.session.complaints = Silent()  # the browser says of every refusal that it was one
    page.locator("elman-keyboard summary").click()
    for word, content, reported in (
        ("quux", "no JSON", "not JSON"),
        ("zyzzyva", "{}", "not the memory of a keyboard"),
        ("pelican", json.dumps({"elman": "model"}), "not the memory of a keyboard"),
    ):
        keyboard.type(f"the {word} ")
        page.fill("#text", keyboard.text)
        settled(page, keyboard.text)
        assert page.locator("#status.error").count() == 0, "the last report is gone"
        (tmp_path / "other.json").write_text(content, encoding="utf-8")
        page.get_by_label("Open a saved file").set_input_files(tmp_path / "other.json")
        expect(page.locator("#status.error")).to_contain_text(reported)
        shows(page, keyboard)


def test_a_new_text_keeps_what_was_learned(typing, writer):
    page, keyboard = typing(), Keyboard(writer)
    page.fill("#text", "the quux")
    keyboard.type("the quux")
    shows(page, keyboard)
    page.get_by_role("button", name="New text").click()
    keyboard.clear()
    shows(page, keyboard)
    page.keyboard.type("the q")
    keyboard.type("the q")
    shows(page, keyboard)
    assert page.locator(OFFERED).first.text_content() == "quux"


def test_a_new_text_begins_while_answers_are_late(typing, writer):
    """Nothing of the old text is shown for the new one, and the click is not lost."""
    page, keyboard = typing(), Keyboard(writer)
    page.route("**/write", lambda route: (time.sleep(0.1), route.continue_()))
    page.fill("#text", "the quux sat")
    page.get_by_role("button", name="New text").click()
    page.keyboard.type("my")
    keyboard.type("the quux sat")
    keyboard.clear()
    keyboard.type("my")
    shows(page, keyboard)


def test_a_keyboard_that_is_gone_is_opened_again(typing, writer):
    page = typing()
    page.context.session.complaints = Silent()
    refusal = json.dumps({"error": {"location": "keyboard", "cause": "gone", "hint": None}})
    page.route("**/write", lambda route: route.fulfill(status=404, body=refusal), times=1)
    page.fill("#text", "The quux sat ")
    keyboard = Keyboard(writer)
    keyboard.type("The quux sat ")
    shows(page, keyboard)
    expect(page.locator("#status")).to_have_text("keyboard: gone")


def test_a_page_that_is_left_closes_its_keyboard(typing):
    page = typing()
    with page.expect_request(lambda asked: asked.method == "DELETE"):
        page.click("nav a[href='#classifier']")
    page.go_back()
    page.locator(OFFERED).first.wait_for()


@pytest.mark.parametrize(("width", "look"), [(1000, "light"), (360, "dark")])
def test_it_looks_well(typing, keep_screenshot, width, look):
    page = typing(width=width, look=look, touch=width == 360)
    page.focus("#text")
    page.keyboard.type("The quux walked to the river.\nMy old friend, the q")
    settled(page, "The quux walked to the river.\nMy old friend, the q")
    page.locator("elman-keyboard summary").click()
    page.get_by_role("button", name="Forget quux").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heights = page.evaluate(
        "s => [...document.querySelectorAll(s)].map((each) => each.offsetHeight)", OFFERED
    )
    assert min(heights) >= 44  # of a finger
    keep_screenshot(page, f"keyboard-{look}-{width}.png")


class Silent(list):
    """A list of complaints that stays empty."""

    def append(self, _):
        pass
