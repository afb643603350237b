"""The Gradio page: layout and events joined, and how it is launched.

Separate from both so that ``app.py`` and the tests build the very same page.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from workbench.analyses.extraction import extract
from workbench.analyses.services import Services
from workbench.errors import WorkbenchError
from workbench.settings import ASSETS, Settings
from workbench.types.video import SamplingSpec
from workbench.ui.gradio import texts
from workbench.ui.gradio.api import offer_verbs
from workbench.ui.gradio.by_visitor import MOST_VISITORS
from workbench.ui.gradio.door import Door, apologise
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.intake import Intake
from workbench.ui.gradio.layout import Parts, lay_out
from workbench.ui.gradio.received import KEPT_S, Received
from workbench.ui.gradio.restraints import CheckedBlocks, restrain_toolkit
from workbench.ui.gradio.routes import HEAD, make_routes
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.space_choice import NUMBERS
from workbench.ui.gradio.space_events import CHANGED, MADE
from workbench.ui.gradio.theme import make_theme, palette_css, read_palette
from workbench.ui.gradio.whatif_events import MANY_MADE

SWITCH_S = 0.001
N_LOOKING, N_OPENING, MOST_ASKING, MOST_RECEIVING, MOST_THREADS = 4, 8, 96, 16, 128
ASKING = {"concurrency_id": "ask", "concurrency_limit": MOST_ASKING}
RECEIVING = {"concurrency_id": "receive", "concurrency_limit": MOST_RECEIVING}
"""Questions and uploads that are there at once, over all visitors, most of which wait in ``lines`` of ours.

The toolkit's own queue, where nobody is told where they are and one program can be before all others, is for what is
quick, and for what would be too many. Whoever names a queue says its limit, too: the toolkit takes one that is not said
for 1, for all.
"""


def services_for_visitors(settings: Settings) -> Services:
    """Return the services of the page: what a visitor sends never names a model that is not on the list."""
    return Services.create(replace(settings, public=True))


def build(services: Services) -> gr.Blocks:
    """Return the page on ``services``; nothing of a visitor is kept in it."""
    restrain_toolkit()
    Received.of(services.settings).receive()
    # Of all events so far the toolkit makes tables after each, for a board that this page does not have.
    os.environ |= {"GRADIO_ANALYTICS_CACHE_FREQUENCY": str(sys.maxsize), "GRADIO_ANALYTICS_MAX_EVENTS": "1"}
    # A quick answer goes from thread to thread a dozen times, and each time waits for whoever computes to make way.
    sys.setswitchinterval(SWITCH_S)
    # Uploads are copied into the library: none is asked for again once it was.
    with CheckedBlocks(
        title=texts.TITLE, fill_width=True, analytics_enabled=False, delete_cache=(KEPT_S / 6, KEPT_S)
    ) as page:
        parts = lay_out()
        events = Events(services)
        _wire(page, parts, events)
        offer_verbs(page, services, events.lines, parts.session, ASKING, RECEIVING)
    return page


def launch_options(services: Services) -> dict[str, Any]:
    """Return what ``Blocks.launch`` needs beside the page: look, scripts, routes and limits."""
    palette = read_palette()
    return {
        "theme": make_theme(palette),
        "css": palette_css(palette),
        "css_paths": [
            ASSETS / "static" / name
            for name in (
                "page.css",
                "tabs.css",
                "tour.css",
                "takeaway.css",
                "maps.css",
                "space.css",
                "examine.css",
                "whatif.css",
            )
        ],
        "head": HEAD,
        "app_kwargs": {
            "routes": make_routes(services.library),
            "middleware": [
                Middleware(Door, services.settings.hosts.replace(",", " ").split()),
                Middleware(Intake, Received.of(services.settings), services.settings.max_video_bytes),
            ],
            "exception_handlers": {Exception: apologise},
        },
        "max_file_size": services.settings.max_video_bytes,
        "max_threads": MOST_THREADS,
        "state_session_capacity": MOST_VISITORS,
        "footer_links": [],
        "run_history": False,
        "show_error": False,
        "mcp_server": services.settings.mcp,
        "ssr_mode": False,
        "quiet": True,
    }


def _wire(page: gr.Blocks, parts: Parts, events: Events) -> None:
    outputs = {name: part for name, part in vars(parts).items() if name not in ("parameters", "clock")}
    outputs |= {f"parameter {name}": number for name, number in parts.parameters.items()}
    placed = functools.partial(_placed, outputs=outputs)
    answer, explain = (_placed_steps(handler, outputs) for handler in (events.answer, events.explain))
    session = parts.session
    # With every word of the server the toolkit's page tells all parts that were ever in an event's outputs how far that
    # is, each by a copy of all that it is: on two cores a tenth of a second, four times a second. One part is enough.
    untold = {"api_visibility": "private", "show_progress": "hidden", "show_progress_on": parts.session}
    # "multiple": an event is never dropped because the one before it is still under way.
    common = {"outputs": list(outputs.values()), "trigger_mode": "multiple", **untold}
    # One change at a time, so that none is made to a session that another is about to replace.
    changing = {"concurrency_id": "change", "concurrency_limit": 1, **common}
    asking, receiving = {**ASKING, **common}, {**RECEIVING, **common}
    looking = {"concurrency_id": "look", "concurrency_limit": N_LOOKING, **common}

    def asks(listener: Callable, handler: Callable, inputs: list, then: Callable = answer) -> None:
        """On an event: the quick step, then the answer."""
        changed = listener(placed(leaving_unopened(handler)), inputs, **changing)
        changed.success(then, session, **asking).success(explain, session, **asking)

    # A line of its own, in which nobody is for long: whoever comes sees the page, however much is asked.
    opening = {"concurrency_id": "open", "concurrency_limit": N_OPENING, **common}
    started = page.load(placed(events.start), parts.brought, js="() => [workbench.brought()]", **opening)
    started.success(_placed_steps(events.answer_opened, outputs), session, **asking).success(explain, session, **asking)
    asks(_any(parts.video.input, parts.space_near.input), events.choose_video, [session])
    asks(parts.model.input, events.choose_model, [session])
    asks(parts.queries.submit, events.add_query, [session])
    asks(parts.queries.input, events.change_query, [session])
    asks(parts.queries.delete, events.remove_query, [session])
    for name, number in parts.parameters.items():
        left = _any(number.submit, number.blur)
        asks(left, events.set_parameter(name), [session, number], _placed_steps(events.answer_change, outputs))
    # Taking in a large video takes minutes: nobody's changes wait for it, and it changes no session itself.
    received = parts.upload.upload(placed(events.receive), parts.upload, **receiving)
    asks(received.success, events.show_upload, [session, parts.arrived])
    parts.resume.click(answer, session, **asking).success(explain, session, **asking)
    # A line of its own: whoever stops work waits for nobody.
    stopping = {"concurrency_id": "stop", "concurrency_limit": None, "outputs": [parts.status, parts.cancel], **untold}
    parts.cancel.click(placed(events.cancel), None, **stopping)
    for button in (
        "stop_patches",
        "stop_look",
        "stop_test",
        "stop_compare",
        "stop_space",
        "stop_pair",
        "stop_examine",
        "stop_whatif",
        "stop_many",
    ):
        part = outputs[button]
        part.click(placed(events.stop(button)), None, **stopping | {"outputs": [part]})
    page.unload(events.leave)
    choosing = _narrowed(changing, outputs, ("session", "address", "notice"))
    handing = _narrowed(looking, outputs, ("download", "notice"))
    for listener, look, how in (
        (parts.timeline.select, events.select_row, changing),
        (parts.timeline.brush, events.select_span, changing),
        (parts.values.select, events.who.open_part, choosing),
        # Not those of each tab: the toolkit selects one itself, when the page is built.
        (parts.tabs.select, events.choose_tab, choosing),
    ):
        listener(placed(look), session, **how).success(explain, session, **asking)
    _any(parts.budget.submit, parts.budget.blur)(placed(events.who.set_budget), [session, parts.budget], **choosing)
    parts.absent.input(placed(events.who.set_absent), session, **choosing)
    # What the player shows is known to the browser alone.
    now = "(session, clock) => [session, workbench.film()?.currentTime || 0]"
    parts.ask_patches.click(
        _placed_steps(events.who.explain_patches, outputs), [session, parts.clock], js=now, **asking
    )
    parts.reproduce.click(placed(events.reproduce), session, **_narrowed(looking, outputs, ("reproduction", "notice")))
    taken = parts.export.select(placed(events.export), [session, parts.export], **handing)
    taken.then(None, js="() => workbench.handedOver()")
    parts.pair_other.input(placed(events.pair.choose_other), session, **changing)
    parts.ask_pair.click(_placed_steps(events.pair.compare, outputs), session, **asking)
    picked = _any(*(part.select for part in (parts.pair_map, parts.pair_near, parts.pair_most)))
    picked(placed(events.pair.pick), session, **looking)
    _wire_space(parts, events, outputs, changing, receiving, looking, asking)
    _wire_examine(parts, events, outputs, changing, receiving, asking)
    asks(parts.whatif_sentences.input, events.whatif.change, [session])
    _wire_whatif(
        parts, events, outputs, changing, looking, asking, lambda event: event.success(explain, session, **asking)
    )
    maps, placed_steps = events.maps, functools.partial(_placed_steps, outputs=outputs)
    for listener, choose in (
        (_any(parts.look_method.input, parts.methods.select), maps.choose_method),
        (parts.look_words.select, maps.pick_word),
    ):
        listener(placed(choose), session, **choosing).success(explain, session, **asking)
    parts.look_again.click(placed_steps(maps.look_again), session, **asking)
    seen = "(session, clock) => [session, workbench.looking()]"
    # Only where the player rests at last is of interest. That is no data of the event: of one that was put off the
    # toolkit sends those of the event before it.
    at_last = looking | {"trigger_mode": "always_last"}
    rested = "(session, clock) => [session, workbench.rested()]"
    parts.look_maps.select(placed(maps.show_picture), [session, parts.clock], js=rested, **at_last)
    parts.head_choice.input(placed(maps.show_head), [session, parts.clock], js=seen, **changing)
    for button, handler in (
        (parts.ask_test, maps.test),
        (parts.ask_compare, maps.compare),
        (parts.take_png, maps.take_png),
        (parts.take_film, maps.take_film),
    ):
        button.click(placed_steps(handler), [session, parts.clock], js=seen, **asking)


def _wire_space(
    parts: Parts,
    events: Events,
    outputs: dict[str, gr.Component],
    changing: dict[str, Any],
    receiving: dict[str, Any],
    looking: dict[str, Any],
    asking: dict[str, Any],
) -> None:
    """Join the tab of the space: every choice is a quick step, after which its map is shown."""
    space, session = events.space, parts.session
    placed, map_choice = functools.partial(_placed, outputs=outputs), _placed_steps(events.map_choice, outputs)
    changing = _narrowed(changing, outputs, CHANGED)
    looking = _narrowed(looking, outputs, (*MADE, "notice", "space_notice"))
    making = _narrowed(asking, outputs, MADE)

    def then(event: Any) -> None:
        event.success(map_choice, session, **making)

    for choice, name in (
        (parts.space_films, "films"),
        (parts.space_points, "points"),
        (parts.space_map_kind, "map"),
        (parts.space_colour, "colour"),
        (parts.space_path, "is_path"),
        (parts.space_supervised, "supervised"),
    ):
        then(choice.input(placed(space.choose(name)), session, **changing))
    numbers = [getattr(parts, f"space_{name}") for name in NUMBERS]
    entered = _any(parts.space_apply.click, parts.space_through.submit, *(number.submit for number in numbers))
    then(entered(placed(space.set_up), [session, parts.space_through, *numbers], **changing))
    for brought, receive, arrived in (
        (parts.space_picture, space.receive_picture, parts.picture_arrived),
        (parts.space_file, space.receive_file, parts.features_arrived),
    ):
        received = brought.upload(placed(receive), brought, **receiving | {"outputs": [arrived, parts.space_notice]})
        then(received.success(placed(space.show_arrived), [session, arrived], **changing))
    then(parts.space_forget.click(placed(space.forget_pictures), session, **changing))
    parts.space_gap_view.input(placed(space.show_gap), session, **looking)
    then(parts.space_reset.click(placed(space.reset), session, **changing))
    then(parts.refit.click(placed(space.refit), session, **changing))
    picked = _any(*(part.select for part in (parts.space_map, parts.space_near, parts.space_groups)))
    picked(placed(space.pick), session, **looking)


def _wire_examine(
    parts: Parts,
    events: Events,
    outputs: dict[str, gr.Component],
    changing: dict[str, Any],
    receiving: dict[str, Any],
    asking: dict[str, Any],
) -> None:
    """Join the section that examines the space: nothing is computed before its button is pressed."""
    examine, session = events.examine, parts.session
    parts.examine_clips.input(_placed(examine.choose_clips, outputs), session, **changing)
    parts.examine_file.upload(_placed(examine.receive, outputs), [session, parts.examine_file], **receiving)
    parts.ask_examine.click(_placed_steps(examine.examine, outputs), session, **asking)


def _wire_whatif(
    parts: Parts,
    events: Events,
    outputs: dict[str, gr.Component],
    changing: dict[str, Any],
    looking: dict[str, Any],
    asking: dict[str, Any],
    then: Callable[[Any], None],
) -> None:
    """Join the tab that changes one thing: edits are made anew by ``then``, the toy world's when that is asked for."""
    whatif, session = events.whatif, parts.session
    added = _any(parts.add_edit.click, parts.whatif_own.submit)
    then(added(_placed(whatif.add_edit, outputs), [session, parts.whatif_own], **changing))
    then(parts.paint_films.click(_placed(whatif.paint, outputs), session, **changing))
    picked = _any(parts.whatif_sentences.select, parts.whatif_films.select)
    picked(_placed(whatif.pick, outputs), session, **looking)
    asking = _narrowed(asking, outputs, MANY_MADE)
    parts.ask_toy.click(_placed_steps(whatif.probe_toy, outputs), session, **asking)
    parts.many_file.upload(_placed_steps(whatif.probe_file, outputs), [session, parts.many_file], **asking)


def _any(*triggers: Callable) -> Callable:
    """Return what has one event follow any of these.

    Before it shows anything the toolkit's page looks, for every part, through all events: they are kept few.
    """
    return functools.partial(gr.on, triggers)


def leaving_unopened(handler: Callable) -> Callable:
    """Return the handler of a change, which leaves a session alone that is just being opened, and replaced by that.

    The session is the first thing that it is given.
    """

    @functools.wraps(handler)
    def changed(session: Session, *args: Any) -> dict[str, Any]:
        update = handler(session, *args)
        if session.video or update.get("session", session).video:
            return update
        return {name: value for name, value in update.items() if name not in ("session", "address")}

    return changed


def _narrowed(how: dict[str, Any], outputs: dict[str, gr.Component], names: Iterable[str]) -> dict[str, Any]:
    """Return how an event is run that changes no parts but these.

    For every part that an event may change the toolkit makes a component anew, sends an update and copies what the
    page knows of it, whether it changes or not: of all parts that takes as long as drawing ten thousand points.
    """
    return how | {"outputs": [outputs[name] for name in names]}


def _placed(handler: Callable, outputs: dict[str, gr.Component]) -> Callable:
    """Return the handler with the names in what it returns replaced by the components they stand for."""

    @functools.wraps(handler)
    def placed(*args: Any) -> dict[Any, Any]:
        # Gradio takes an empty answer for a missing one.
        return {outputs[name]: value for name, value in handler(*args).items()} or gr.skip()

    return placed


def _placed_steps(handler: Callable[..., Generator], outputs: dict[str, gr.Component]) -> Callable:
    """Return the same for a handler that yields."""

    @functools.wraps(handler)
    def placed(*args: Any) -> Iterator[dict[gr.Component, Any]]:
        has_said = False
        with contextlib.closing(handler(*args)) as updates:
            for update in updates:
                yield {outputs[name]: value for name, value in update.items()}
                has_said = True
        if not has_said:
            # Gradio empties every output of a generator that ends before it yields, as a superseded answer does.
            yield gr.skip()

    return placed


def warm_up(services: Services) -> None:
    """Load the first model and read the examples with it, in the background: whoever comes first finds an answer."""

    def load() -> None:
        # What is wrong with the model or a film is said on the page, when it is used.
        with contextlib.suppress(WorkbenchError):
            model = services.models.load(services.settings.default_model)
            for video in services.library.examples():
                extract(services, video, model, SamplingSpec(), lambda progress: None)

    threading.Thread(target=load, name="warm-up", daemon=True).start()
