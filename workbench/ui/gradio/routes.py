"""What the browser is given beside Gradio's own: our scripts, plotly.js, films by their id, and what was made for it.

Separate because this is the whole of what is served from disk: a film is asked for by the hash of its
content, never by a path, and is sent as a video whatever the visitor called it.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
import time
from pathlib import Path

import plotly
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from workbench.errors import WorkbenchError
from workbench.media.library import VideoLibrary
from workbench.settings import ASSETS
from workbench.ui.gradio import texts
from workbench.ui.gradio.offers import OFFERS, Offer
from workbench.ui.gradio.view_texts import SCRIPTED

PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
SCRIPTS = (
    "clock.js",
    "player.js",
    "figure.js",
    "queries.js",
    "choice.js",
    "upload.js",
    "maps.js",
    "space.js",
    "older.js",
    "spoken.js",
    "tabs.js",
    "takeaway.js",
    "page.js",
    "tour.js",
)
_MEDIA_TYPES = {".webm": "video/webm", ".mkv": "video/x-matroska", ".ogv": "video/ogg", ".mov": "video/quicktime"}
_CONTENT_HASH = re.compile(r"[0-9a-f]{64}")
_KEPT_BY_ALL = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
_MOST_PICTURES, _PICTURE_PX = 2_048, 96
_NEVER_KEPT = _KEPT_BY_ALL | {"Cache-Control": "no-store"}
_KEPT_BY_VISITOR = _KEPT_BY_ALL | {"Cache-Control": "private, max-age=86400"}


def _script() -> str:
    """Return our scripts as one, with the texts that they write."""
    texts_in_script = json.dumps(SCRIPTED, ensure_ascii=False).replace("</", "<\\/")
    first, *others = ((ASSETS / "static" / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return "\n".join([first, f"workbench.texts = {texts_in_script};", *others])


# Written into the page: Gradio adds its head from the browser, where files load in no fixed order and a component may
# stand before the function that it calls.
HEAD = f"""<meta name="viewport" content="width=device-width, initial-scale=1">
<script>
{_script()}</script>"""


@functools.cache
def _plotly_js() -> bytes:
    """Return plotly.js, compressed once and not, as by the toolkit, for every visitor anew.

    Its first line has browsers that know it read all of it beside the page, which so is held up half as long.
    Source: the V8 engine's explicit compile hints.
    """
    return gzip.compress(b"//# allFunctionsCalledOnLoad\n" + PLOTLY_JS.read_bytes())


def film_url(video_id: str) -> str:
    """Return the address of a film, relative to the page."""
    return f"workbench/film/{video_id}"


def picture_url(video_id: str, at_s: float) -> str:
    """Return the address of the picture of a film at an instant, relative to the page."""
    return f"workbench/picture/{video_id}/{round(at_s * 1000)}"


def handed(offer: Offer) -> dict[str, object]:
    """Return what has the browser fetch a file that was made for its visitor, also where it is the same again."""
    return {"name": offer.name, "url": f"workbench/made/{offer.token}", "at": time.time()}


def make_routes(library: VideoLibrary) -> list[BaseRoute]:
    """Return the routes to serve beside Gradio's own."""

    @functools.lru_cache(maxsize=_MOST_PICTURES)
    def small_picture(video_id: str, at_ms: int) -> bytes:
        return library.thumbnails(video_id, [at_ms / 1000], _PICTURE_PX)[0]

    def picture(request: Request) -> Response:
        video_id, at_ms = request.path_params["video_id"], request.path_params["at_ms"]
        try:
            if not _CONTENT_HASH.fullmatch(video_id) or at_ms > 1000 * library.get(video_id).duration_s + 1000:
                return PlainTextResponse(texts.NO_SUCH_PICTURE, status_code=404)
            made = small_picture(video_id, at_ms)
        except WorkbenchError:
            return PlainTextResponse(texts.NO_SUCH_PICTURE, status_code=404)
        return Response(made, media_type="image/jpeg", headers=_KEPT_BY_VISITOR)

    def film(request: Request) -> Response:
        video_id = request.path_params["video_id"]
        if not _CONTENT_HASH.fullmatch(video_id):
            return PlainTextResponse(texts.NO_SUCH_VIDEO, status_code=404)
        try:
            path = Path(library.path_of(video_id))
        except WorkbenchError:
            return PlainTextResponse(texts.NO_SUCH_VIDEO, status_code=404)
        return FileResponse(
            path, media_type=_MEDIA_TYPES.get(path.suffix.lower(), "video/mp4"), headers=_KEPT_BY_VISITOR
        )

    def plotly_js(request: Request) -> Response:
        headers = _KEPT_BY_ALL | {"Content-Encoding": "gzip"}
        return Response(_plotly_js(), media_type="text/javascript", headers=headers)

    def made(request: Request) -> Response:
        if (offer := OFFERS.find(request.path_params["token"])) is None:
            return PlainTextResponse(texts.FILE_GONE, status_code=404)
        headers = _NEVER_KEPT | {"Content-Disposition": f'attachment; filename="{offer.name}"'}
        return Response(offer.content, media_type=offer.media_type, headers=headers)

    return [
        Route("/workbench/film/{video_id}", film),
        Route("/workbench/picture/{video_id}/{at_ms:int}", picture),
        Route("/workbench/made/{token}", made),
        Route("/workbench/plotly.min.js", plotly_js),
    ]
