"""One thing changed, for one visitor, without a browser: edits of one sentence and video, ranks, a report."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path

import av
import gradio as gr
import pytest

from tests.films import BLUE, GREEN, RED, write_film
from workbench.models.adapter_template import ENTRY, ColourHistogram
from workbench.models.entry import Family
from workbench.ui.gradio import whatif_texts
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.offers import OFFERS, Offer
from workbench.ui.gradio.session import Session

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
SECOND = replace(ENTRY, id="colour-again", title="Colour <again>")


@pytest.fixture
def events(services) -> Events:
    services.models.register(SECOND)
    return Events(services)


@pytest.fixture
def session(events: Events, tmp_path: Path) -> Session:
    """Return an answered question of a visitor with two films of their own, on the tab that changes one thing."""
    films = {}
    for title, scenes in (("<i>mine</i>", [(3, RED), (1, BLUE)]), ("other", [(4, GREEN)])):
        path = write_film(tmp_path / f"{len(films)}.mp4", scenes).path
        films[events.receive(gr.FileData(path=str(path), orig_name=f"{title}.mp4"))["arrived"].id] = title
    video = next(iter(films))
    return Session(
        video=video, model=ENTRY.id, queries=("a red ball", "a blue <b>ball</b>"), uploads=films, tab="whatif"
    )


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def shown(events: Events, session: Session, request: gr.Request = ANN) -> dict:
    """Return all that the page shows once the session was answered and probed."""
    found: dict = {}
    for step in (events.answer, events.explain):
        for update in step(session, request):
            found |= update
    return found


def report_of(events: Events, session: Session) -> Offer:
    """Return the page that all that is on show is taken away as."""
    sent = events.export(session, ANN, {"format": "html"})["download"]
    offer = OFFERS.find(sent["url"].rsplit("/", 1)[1])
    assert offer is not None
    return offer


def rows_in(html: str) -> list[str]:
    """Return what is said in every row of a list of edits, without marks."""
    return [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<li.*?</li>", html)]


def pick_of(html: str, words: str) -> str:
    """Return what the row that says something has in ``data-pick``."""
    [row] = [row for row in re.findall(r"<li.*?</li>", html) if words in re.sub(r"<[^>]+>", "", row)]
    return re.search(r'data-pick="([a-z]+:\d+)"', row)[1]


def test_edits_stand_with_their_scores_and_what_was_changed(events: Events, session: Session) -> None:
    found = shown(events, session)
    sentences, films = found["whatif_sentences"], found["whatif_films"]
    assert "a <del>red</del>" in sentences
    assert rows_in(sentences)[0] == ["a", "red", "ball", "0.949"]
    assert "frames moved about" in films
    assert "pictures changed" not in films
    assert '<span class="score tie"' in films, "a mean of frames ties with the film played backwards"
    assert found["whatif_text"].startswith(
        '<ul class="examined"><li style="--query:#0072b2"><p>Colour histogram: “a red ball” scores'
    )
    assert "cannot know whether the video is played backwards" in found["whatif_text"]
    assert "<b>" not in sentences
    assert "a blue &lt;b&gt;ball" in sentences, "another sentence is what has nothing to do with it"


def test_pictures_are_changed_when_that_is_asked_for(events: Events, session: Session) -> None:
    first = shown(events, session)
    assert first["paint_films"]["visible"]
    painted = events.whatif.paint(session)["session"]
    found = shown(events, painted)
    assert "without colours" in found["whatif_films"]
    assert not found["paint_films"]["visible"]


def test_an_edit_is_written_taken_away_and_belongs_to_its_sentence(events: Events, session: Session) -> None:
    def own_in(asked: Session) -> list[list[str]]:
        return [row for row in rows_in(shown(events, asked)["whatif_sentences"]) if row[0] == "own"]

    shown(events, session)
    added = events.whatif.add_edit(session, " a green   ball ", ANN)
    assert added["whatif_own"] == ""
    written = added["session"]
    [row] = own_in(written)
    assert row[:5] == ["own", "a", "red", "green", "ball"]
    dropped = events.whatif.change(written, event(value="drop:a green ball"))["session"]
    assert (dropped.edited.own, dropped.edited.without) == ((), ("a green ball",))
    assert own_in(dropped) == []
    assert own_in(replace(written, current=1)) == [], "edits belong to their sentence"


def test_an_edit_is_corrected_in_its_place_and_stays_of_its_kind(events: Events, session: Session) -> None:
    def of_kind(asked: Session, kind: str) -> list[str]:
        edits = events.whatif.answers(asked, "ann")[0].outcome.result.cases[0].texts
        return [edit.text for edit in edits if edit.kind == kind]

    sentences = shown(events, session)["whatif_sentences"]
    colours, others = of_kind(session, "colour"), of_kind(session, "paraphrase")
    assert f'data-open="correct:colour:{colours[0]}"' in sentences
    begun = events.whatif.change(session, event(value=f"correct:colour:{colours[0]}"))
    assert begun["whatif_own"] == colours[0]
    assert f"takes the place of “{colours[0]}”" in begun["whatif_own_said"]
    assert of_kind(begun["session"], "colour") == colours, "nothing is corrected yet"
    added = events.whatif.add_edit(begun["session"], "a tan ball", ANN)
    assert (added["whatif_own"], added["whatif_own_said"]) == ("", "")
    shown(events, added["session"])
    assert of_kind(added["session"], "colour") == ["a tan ball", *colours[1:]]
    assert of_kind(added["session"], "own") == []

    control = events.whatif.change(added["session"], event(value=f"correct:paraphrase:{others[0]}"))["session"]
    control = events.whatif.add_edit(control, "a scarlet ball", ANN)["session"]
    rows = rows_in(shown(events, control)["whatif_sentences"])
    assert of_kind(control, "paraphrase") == ["a scarlet ball", *others[1:]]
    controls = next(at for at, row in enumerate(rows) if row[0] == "controls:")
    assert rows[controls + 1][:2] == ["paraphrase", "a"], "it is no rival"

    twice = events.whatif.change(control, event(value="correct:colour:a tan ball"))["session"]
    twice = events.whatif.add_edit(twice, "a teal ball", ANN)["session"]
    gone = events.whatif.change(twice, event(value="drop:a teal ball"))["session"]
    shown(events, gone)
    assert of_kind(gone, "colour") == colours[1:]


def test_a_correction_of_ones_own_edit_or_of_nothing_or_one_that_is_refused(events: Events, session: Session) -> None:
    own = events.whatif.add_edit(session, "a gren ball", ANN)["session"]
    begun = events.whatif.change(own, event(value="correct:own:a gren ball"))["session"]
    assert events.whatif.add_edit(begun, "a green ball", ANN)["session"].edited.own == ("a green ball",)
    assert events.whatif.add_edit(begun, " ", ANN)["session"].edited == own.edited
    assert events.whatif.add_edit(begun, "a gren ball", ANN)["session"].edited.own == ("a gren ball",)
    refused = events.whatif.add_edit(begun, "A red ball", ANN)
    assert "session" not in refused, "what was begun goes on"
    assert "says what the sentence says" in refused["whatif_own_said"]


def test_of_several_edits_the_good_ones_are_taken_and_the_others_named(events: Events, session: Session) -> None:
    [taken] = re.findall(r'data-open="drop:(a [a-z]+ ball)"', shown(events, session)["whatif_sentences"])[:1]
    added = events.whatif.add_edit(session, f"a teal ball\nA red  ball\na plum ball\n{taken.upper()}", ANN)
    assert added["session"].edited.own == ("a teal ball", "a plum ball")
    assert added["whatif_own"].splitlines() == ["A red  ball", taken.upper()], (
        "they can be mended where they were written"
    )
    assert "“A red ball” says what the sentence says" in added["whatif_own_said"]
    assert f"“{taken.upper()}” is among the edits already" in added["whatif_own_said"]


def test_a_correction_to_an_edit_that_is_there_is_refused_and_does_not_vanish(events: Events, session: Session) -> None:
    made = re.findall(r'data-open="drop:([^"]+)"', shown(events, session)["whatif_sentences"])
    first = next(text for text in made if text.endswith(" ball"))
    second = next(text for text in made if re.fullmatch("[a-z ]+", text) and text != first)
    begun = events.whatif.change(session, event(value=f"correct:colour:{first}"))["session"]
    refused = events.whatif.add_edit(begun, second, ANN)
    assert f"“{second}” is among the edits already" in refused["whatif_own_said"]
    assert "session" not in refused
    assert events.whatif.add_edit(begun, second, BOB)["session"] != begun, "of what others see nothing is known"


def test_a_correction_ends_with_its_edit_and_with_its_sentence(events: Events, session: Session) -> None:
    own = events.whatif.add_edit(session, "a tan ball", ANN)["session"]
    begun = events.whatif.change(own, event(value="correct:own:a tan ball"))["session"]
    other = events.whatif.change(begun, event(value="drop:a blue ball"))
    assert other["session"].edited.corrects == ("own", "a tan ball")
    assert "whatif_own" not in other
    gone = events.whatif.change(begun, event(value="drop:a tan ball"))
    assert gone["session"].edited.corrects is None
    assert (gone["whatif_own"], gone["whatif_own_said"]) == ("", "")
    elsewhere = events.add_query(begun, event(text="a blue cube"))
    assert (elsewhere["whatif_own"], elsewhere["whatif_own_said"]) == ("", "")
    assert "whatif_own" not in events.add_query(own, event(text="a blue cube"))


def test_an_edit_that_says_the_same_or_nothing_is_refused_in_words(events: Events, session: Session) -> None:
    for text, told in (("A red ball", "says what the sentence says"), ("  ", "The sentence is empty"), (None, "empty")):
        assert told in events.whatif.add_edit(session, text, ANN)["whatif_own_said"]
    assert whatif_texts.NO_QUERY in events.whatif.add_edit(replace(session, queries=()), "x", ANN)["whatif_own_said"]
    full = session
    for at in range(20):
        full = events.whatif.add_edit(full, f"a red ball {at}", ANN)["session"]
    assert "20 edits of one" in events.whatif.add_edit(full, "one more", ANN)["whatif_own_said"]


def test_edits_are_taken_away_one_after_another_before_the_page_has_followed(events: Events, session: Session) -> None:
    both = events.whatif.add_edit(session, "a green ball\n\n a gray ball ", ANN)["session"]
    assert both.edited.own == ("a green ball", "a gray ball")
    for text in both.edited.own:
        both = events.whatif.change(both, event(value=f"drop:{text}"))["session"]
    assert both.edited.own == ()
    many = replace(both, edited=replace(both.edited, without=tuple(map(str, range(200)))))
    assert "200 edits" in events.whatif.change(many, event(value="drop:a tan ball"))["whatif_said"]


@pytest.mark.parametrize(("doing", "tab"), [("who", "who"), ("where", "look")])
def test_why_leads_to_both_sentences_on_another_tab_and_back(
    events: Events, session: Session, doing: str, tab: str
) -> None:
    found = shown(events, session)["whatif_sentences"]
    [text] = re.findall(rf'data-open="{doing}:(a [a-z]+ ball)"', found)[:1]
    update = events.whatif.change(session, event(value=f"{doing}:{text}"))
    asked = update["session"]
    assert (asked.tab, asked.query, asked.queries) == (tab, text, (*session.queries, text))
    assert update["tabs"]["selected"] == tab
    if tab == "who":
        assert shown(events, asked)["words"]
    back = replace(asked, tab="whatif")
    assert 'data-open="back:a red ball"' in shown(events, back)["whatif_sentences"]
    assert events.whatif.change(back, event(value="back:a red ball"))["session"].query == "a red ball"
    assert "back:" not in found


@pytest.mark.parametrize(
    "sent",
    [
        *("", "who", "sell:a ball", "who:", f"drop:{'x' * 10_000}", None),
        *("correct:", "correct:a ball", "correct:colour:", "correct:tense:a ball"),
    ],
)
def test_what_cannot_be_done_to_an_edit_is_refused(events: Events, session: Session, sent: object) -> None:
    update = events.whatif.change(session, event(value=sent))
    assert update["whatif_said"]
    assert "session" not in update


def test_a_pick_shows_ranks_among_films_and_sentences(events: Events, session: Session) -> None:
    found = shown(events, session)
    picked = events.whatif.pick(session, event(pick=pick_of(found["whatif_films"], "frozen")), ANN)
    assert "the video frozen at its middle" in picked["whatif_ranks_text"]
    names = [trace.text[0] for trace in picked["whatif_film_ranks"].data]
    assert any(name.startswith("&lt;i&gt;mine&lt;/i&gt;  1") for name in names), names
    assert len(picked["whatif_text_ranks"].data) == 2
    by_text = events.whatif.pick(session, event(pick="text:1"), ANN)
    assert by_text["whatif_film_ranks"].data


def test_a_gallery_of_one_says_what_is_missing(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events.services.library, "examples", tuple)
    alone = replace(session, queries=session.queries[:1], uploads={session.video: "mine"})
    found = shown(events, alone)
    told = re.sub(r"<[^>]+>", " ", found["whatif_ranks_text"])
    assert "There are no other videos: upload some and no other sentences: add some, to see ranks among them." in told
    assert (found["whatif_film_ranks"], found["whatif_text_ranks"]) == (None, None)
    assert rows_in(found["whatif_sentences"])[0] == ["a", "red", "ball", "0.949"], "its scores are there all the same"
    two = shown(events, replace(alone, queries=session.queries))
    assert "There are no other videos: upload some, to see ranks among them." in two["whatif_ranks_text"]
    assert two["whatif_text_ranks"].data


def test_an_edited_film_can_be_watched(events: Events, session: Session) -> None:
    found = shown(events, session)
    pick = pick_of(found["whatif_films"], "played backwards").replace("film", "watch")
    html = events.whatif.pick(session, event(pick=pick), ANN)["whatif_watch"]
    assert "Played backwards: as the model is shown it, 2 frames a second" in html
    mp4 = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    path = Path(events.services.settings.home) / "watched.mp4"
    path.write_bytes(mp4)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 8
    assert frames[0].mean(axis=(0, 1)).argmax() == 2, "the last second was blue"
    assert frames[-1].mean(axis=(0, 1)).argmax() == 0


def test_what_is_no_pick_is_refused(events: Events, session: Session) -> None:
    shown(events, session)
    for sent in ("", "text:0", "text:99", "film:999", "why:1", "text:1; drop", None, 7):
        assert whatif_texts.NOT_A_PICK in events.whatif.pick(session, event(pick=sent), ANN)["whatif_said"], sent


def test_what_is_on_show_is_one_visitors_and_one_questions(events: Events, session: Session) -> None:
    shown(events, session)
    for asked, request in (
        (session, BOB),
        (replace(session, span_s=(0.0, 2.0)), ANN),
        (replace(session, current=1), ANN),
    ):
        assert "earlier question" in events.whatif.pick(asked, event(pick="text:1"), request)["whatif_said"]
        assert "earlier question" in events.export(asked, request)["notice"]
    events.leave(ANN)
    assert "earlier question" in events.whatif.pick(session, event(pick="text:1"), ANN)["whatif_said"]


def test_a_report_and_json_are_taken_away(events: Events, session: Session) -> None:
    shown(events, session)
    offer = report_of(events, session)
    page = offer.content.decode()
    assert offer.media_type == "text/html"
    assert offer.name.startswith("probe-")
    assert "&lt;i&gt;mine&lt;/i&gt;" in page
    assert "<i>mine" not in page
    assert '"probes"' in events.export(session, ANN)["download"]["text"]
    assert events.export(session, ANN)["download"]["name"].startswith("probe-")


def test_another_model_stands_beside_it(events: Events, session: Session) -> None:
    both = replace(session, space=replace(session.space, other=SECOND.id))
    found = shown(events, both)
    assert found["whatif_text"].count("<li") == 2
    assert "Colour &lt;again&gt;" in found["whatif_sentences"]
    assert rows_in(found["whatif_sentences"])[0][-2:] == ["0.949", "0.949"]


def test_a_model_that_reads_frames_together_stands_beside_one_that_does_not(events: Events, session: Session) -> None:
    class Pairs(ColourHistogram):
        def __init__(self, entry, settings):
            super().__init__(entry, settings)
            self.spec = replace(self.spec, frame_independent=False)

    events.services.models.register_family(Family(name="pairs", load=Pairs))
    events.services.models.register(replace(ENTRY, id="pairs", title="Pairs", family="pairs"))
    found = shown(events, replace(session, space=replace(session.space, other="pairs")))
    assert "not made" in found["whatif_films"], "it is encoded again for every edit, once that is asked for"
    assert report_of(events, replace(session, space=replace(session.space, other="pairs")))
    alone = shown(events, replace(session, model="pairs"))
    assert "frames moved about" not in alone["whatif_films"]


def test_a_part_is_probed_where_a_span_is_selected(events: Events, session: Session) -> None:
    found = shown(events, replace(session, span_s=(0.0, 3.0)))
    assert "scores 1.000" in found["whatif_text"]


def test_a_foreign_sentence_says_so_and_films_are_still_changed(events: Events, session: Session) -> None:
    found = shown(events, replace(session, queries=("ein roter Ball rollt nach links",)))
    assert "edits are made of English ones only" in found["whatif_sentences"]
    assert "played backwards" in found["whatif_films"]
