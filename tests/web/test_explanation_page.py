"""The page of a trace, in a browser and opened as a file: what it shows is in the trace."""

from __future__ import annotations

import re

import numpy as np
import pytest

from elman.web import explanation_page

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
TEXT, OTHER = "fine and dull it was", "fine it was and dull"


@pytest.fixture
def shown(opened, tmp_path):
    """A page of some traces, opened."""

    def show(*traces, **settings):
        path = tmp_path / "trace.html"
        path.write_text(explanation_page(traces), encoding="utf-8")
        opened_page = opened(path.as_uri(), **settings)
        opened_page.page.locator("button.token").first.wait_for()
        return opened_page

    return show


@pytest.fixture
def trace(classifier):
    return classifier.explain(TEXT)


def read(text):
    """A number as the page writes it."""
    return float(text.replace("−", "-"))


def titles(page, selector):
    return [read(each.get_attribute("title")) for each in page.query_selector_all(selector)]


def distances(page):
    result = page.query_selector_all("[data-distance]")
    return [read(each.get_attribute("data-distance")) for each in result]


def coarse(strip):
    """How far a packed number, written with three digits, may be from what it was."""
    return float(np.abs(strip).max()) * (1 / 254 + 0.005)


def rounded(numbers):
    return pytest.approx(np.asarray(numbers, dtype=float), rel=6e-3, abs=1e-6)


def test_it_asks_for_nothing(shown, trace, keep_screenshot):
    """No request but for the page itself, no complaint, and columns of what the trace has."""
    opened_page = shown(trace)
    page = opened_page.page
    assert [url for url in opened_page.requests if not url.startswith("data:")] == [page.url]
    assert page.locator("button.token").all_text_contents() == TEXT.split()
    outputs = page.locator("button.output")
    for index, output in enumerate(trace.outputs):
        assert output.predictions[0].text in outputs.nth(index).text_content()
        shown_share = re.search(r"([\d.]+) %", outputs.nth(index).text_content()).group(1)
        assert float(shown_share) == pytest.approx(
            100 * output.predictions[0].probability, abs=0.51
        )
    for look, width in (("light", 1100), ("dark", 1100), ("light", 360)):
        page.emulate_media(color_scheme=look)
        page.set_viewport_size({"width": width, "height": 900})
        keep_screenshot(page, f"explanation-{look}-{width}.png")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, "the page itself must not scroll sideways"


def test_what_is_typed_stays_text(shown, classifier):
    text = "</script><script>hacked=1</script> <b>fine</b>"
    page = shown(classifier.explain(text), classifier.explain("fine")).page
    assert page.locator("img").count() == 0
    assert page.locator("elman-explanation b", has_text="fine").count() == 0
    assert "".join(page.locator("details[open] .piece").all_text_contents()) == text.replace(
        " ", ""
    )
    assert page.locator(".output", has_text="<img src=x").count() > 0


def test_time_is_scrubbed(shown, trace):
    """By keys on the scrubber and in the figure, by the mouse on a token and in the text."""
    page = shown(trace).page
    label = page.locator("label.time span")
    assert label.text_content() == "5 of 5: was"
    page.focus("input.scrubber")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert label.text_content() == "3 of 5: dull"
    assert page.locator(".column.future button.token").all_text_contents() == ["it", "was"]
    page.focus(".column.current button.token")
    page.keyboard.press("ArrowRight")
    assert label.text_content() == "4 of 5: it"
    assert page.evaluate("document.activeElement.textContent") == "it"
    page.click("button.token >> nth=0")
    assert label.text_content() == "1 of 5: fine"
    page.click(".piece >> nth=1")
    assert label.text_content() == "2 of 5: and"
    assert page.get_attribute("input.scrubber", "aria-valuetext") == "2 of 5: and"


def test_time_is_scrubbed_by_touch(shown, trace):
    page = shown(trace, touch=True, width=360).page
    page.tap("button.token >> nth=3")
    assert page.locator("label.time span").text_content() == "4 of 5: it"


@pytest.mark.parametrize("way", ["pointer", "focus"])
def test_gates_are_shown(shown, trace, way):
    """Of the token that the pointer is on, or that has the focus; time stays or goes with it."""
    page = shown(trace).page
    if way == "pointer":
        page.hover("button.token >> nth=2")
        assert page.locator("label.time span").text_content() == "5 of 5: was"
    else:
        page.focus(".column.current button.token")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
    assert page.locator(".step q").text_content() == "dull"
    captions = page.locator(".gate figcaption").all_text_contents()
    layers = reversed(trace.sequences[0].layers)
    wanted = [(k, s) for each in layers for k, s in {**each.states, **each.gates}.items()]
    assert [caption.split()[0] for caption in captions] == [name for name, _ in wanted]
    for caption, (_, strip) in zip(captions, wanted, strict=True):
        mean = read(re.search(r"mean ([−\d.e]+)", caption).group(1))
        assert mean == pytest.approx(strip[2].mean(), abs=coarse(strip))


def test_which_part_of_a_mixture_spoke(shown, writer, keep_screenshot):
    """The share of the network, and what each part alone expects, at the chosen token."""
    trace = writer.explain("The cat sat on the mat")
    page = shown(trace).page
    page.click("button.token >> nth=3")
    output = trace.outputs[3]
    rows = [each.split("\t") for each in page.locator(".parts tr").all_inner_texts()]
    assert rows[0][1:] == ["network", "counts"]
    shares = [read(each.removesuffix(" %")) for each in rows[1][1:]]
    assert shares == pytest.approx([100 * each.share for each in output.parts], abs=0.51)
    for index, row in enumerate(rows[2 : 2 + len(output.predictions)]):
        expected = [100 * each.predictions[index] for each in output.parts]
        assert [read(each.removesuffix(" %")) for each in row[1:]] == pytest.approx(
            expected, abs=0.51
        )
    for look, width in (("light", 1100), ("dark", 360)):
        page.emulate_media(color_scheme=look)
        page.set_viewport_size({"width": width, "height": 900})
        keep_screenshot(page, f"explanation-mixture-{look}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_the_counts_add(shown, classifier, keep_screenshot):
    trace = classifier.explain(TEXT)
    page = shown(trace).page
    counts = trace.outputs[-1].counts
    rows = page.query_selector_all(".parts tr")
    found = [[cell.text_content() for cell in row.query_selector_all("th, td")] for row in rows]
    assert found[0][0].startswith("the counts add to")
    assert [row[0] for row in found[1:]] == [each.text for each in counts.features]
    expected = [counts.added, *(each.added for each in counts.features)]
    assert [float(row[1].replace("−", "-")) for row in found] == pytest.approx(expected, rel=0.01)
    keep_screenshot(page, "explanation-counts.png")


def test_what_an_output_rests_on(shown, trace):
    """An output that is clicked colours the text as the terminal does, by leaving each token out;
    or by gradient times input."""
    page = shown(trace).page
    page.click("button.output >> nth=3")
    (rest,) = trace.outputs[3].attributions
    assert titles(page, ".piece[title]:not([title=''])") == rounded(rest.occlusion)
    page.get_by_label("gradient × input").check()
    assert titles(page, ".piece[title]:not([title=''])") == rounded(rest.gradient_x_input)
    page.get_by_label("leaving each out").check()
    assert titles(page, ".piece[title]:not([title=''])") == rounded(rest.occlusion)
    assert titles(page, ".attribution[title]:not([title=''])") == rounded(rest.occlusion)
    bars = page.query_selector_all(".attribution i")
    signs = [each.get_attribute("class") == "positive" for each in bars]
    assert signs[:4] == [value >= 0 for value in rest.occlusion]
    colours = page.eval_on_selector_all(".piece", "all => all.map(e => e.style.backgroundColor)")
    assert len(set(colours[:4])) == 4
    assert colours[4] == ""


def test_a_unit_colours_the_text(shown, trace):
    """Picked by its number, or in the drawing of a state."""
    page = shown(trace).page
    page.get_by_label("Unit", exact=True).fill("7")
    strips = [layer.states["h"] for layer in trace.sequences[0].layers]
    assert titles(page, ".piece") == pytest.approx(strips[1][:, 6], abs=coarse(strips[1]))
    assert page.locator(".marked").count() == 5
    block = page.locator(".column.current .block").nth(1)  # the lower layer's
    wide, high = (block.bounding_box()[side] for side in ("width", "height"))
    columns, lines = block.evaluate("canvas => [canvas.width, canvas.height]")
    block.click(position={"x": wide * 2.5 / columns, "y": high * (lines - 0.5) / lines})
    unit = columns * (lines - 1) + 2
    assert page.get_by_label("Unit", exact=True).input_value() == str(unit + 1)
    assert titles(page, ".piece") == pytest.approx(strips[0][:, unit], abs=coarse(strips[0]))
    page.get_by_label("gradient × input").check()
    assert page.locator(".marked").count() == 0


def test_two_runs(shown, classifier, keep_screenshot):
    """Side by side: what both hold stands together, and how far their states are apart."""
    first, second = classifier.explain(TEXT), classifier.explain(OTHER)
    page = shown(first, second).page
    columns = page.query_selector_all(".compared .column:not(.labels)")
    words = [[e.text_content() for e in c.query_selector_all(".token")] for c in columns]
    assert [upper for upper, _ in words if upper != "–"] == TEXT.split()
    assert [lower for _, lower in words if lower != "–"] == OTHER.split()
    common = [upper for upper, lower in words if upper == lower]
    assert common == ["fine", "it", "was"]
    states = [each.sequences[0].layers[-1].states["h"] for each in (first, second)]
    most = max(np.linalg.norm(state, axis=1).max() for state in states)
    apart = distances(page)
    pairs = [(0, 0), (3, 1), (4, 2)]
    wanted = [np.linalg.norm(states[0][i] - states[1][j]) / most for i, j in pairs]
    assert apart == pytest.approx(wanted, abs=0.03)
    assert apart[0] < 0.01, "what both have read so far is the same"
    assert max(apart) > 0
    page.get_by_label("State of").select_option("0")
    assert distances(page) != apart
    keep_screenshot(page, "comparison.png")


def test_attention(shown, translator):
    trace = translator.explain("le roi")
    page = shown(trace).page
    rows = page.query_selector_all(".attention tbody tr")
    shares = [
        [float(c.get_attribute("title")[:-2]) for c in r.query_selector_all("td")] for r in rows
    ]
    assert np.array(shares) / 100 == pytest.approx(trace.attention.weights, abs=0.0051)
    assert page.locator(".text small").all_text_contents() == ["source", "target"]
    page.click(".text >> nth=0 >> .piece >> nth=1")
    assert page.locator("button.token").all_text_contents() == [
        each.strip() or "␣" if each else "·" for each in trace.sequences[0].tokens
    ]


def test_the_plain_network(shown, plain):
    """Its two layers and the log-softmax, and that the second goes past the first."""
    trace = plain.explain("fine")
    page = shown(trace).page
    names = page.locator(".labels span").all_text_contents()
    assert [each for each in names if each] == [
        "output", "log-softmax", "i2o", "layer 1: hidden", "input"
    ]  # fmt: skip
    assert page.locator(".bypass").count() == len(trace.sequences[0].tokens)
    assert page.get_by_text("i2h makes the next hidden vector").count() == 1


def test_thirty_words(shown, classifier):
    """Small, and drawn with half a second of the page's own work, however busy the machine is."""
    trace = classifier.explain(" ".join(["fine", "dull", "was"] * 10))
    assert len(explanation_page([trace]).encode()) < 200_000
    page = shown(trace).page
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # not the wall's time
    seconds = []
    for _ in range(3):
        page.reload()  # its work is counted from here
        expect(page.locator("button.token")).to_have_count(30)
        metrics = session.send("Performance.getMetrics")["metrics"]
        seconds += [each["value"] for each in metrics if each["name"] == "TaskDuration"]
    session.detach()
    assert 0 < min(seconds) < 0.5
    page.click("button.token >> nth=29")
    expect(page.locator("label.time span")).to_have_text("30 of 30: was")
