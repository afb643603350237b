"""Edits of what is done: the opposite of a verb, or another action that fits the same words around it.

Separate because a verb is inflected, may be two words apart ("puts a plate down"), and takes an object, or none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from workbench.core.text_edits.lexicon import Lexicon
from workbench.core.text_edits.rewriting import Replacement, Rewrite
from workbench.core.text_edits.sentence import BE, Sentence, VerbGroup
from workbench.core.text_edits.substitution import Place, drawn, swap

_BEGIN_A_NOUN = ("DT", "PRP$", "CD", "JJ", "NN", "NNS", "NNP", "NNPS", "PRP", "PDT")
_SOMEWHERE = ("into", "onto", "to", "out", "back", "off", "away", "down", "up", "over", "through", "towards", "from")
_WAYS = (
    *("into", "out", "across", "through", "towards", "toward", "away", "over", "off", "onto", "along", "up", "down"),
    *("past", "around", "from", "back", "left", "right", "forward", "backwards", "by", "home", "outside"),
)


@dataclass(frozen=True)
class _Said:
    """A verb as it is said: its words, of which the last may stand apart, its plain form, and how it is inflected."""

    at: int
    past: int
    phrase: str
    tag: str
    particle: int | None = None


def verbs(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield the opposite of every verb, and other actions."""
    for group in sentence.verb_groups:
        said = _said(sentence, lexicon, group)
        if said:
            opposites = lexicon.verbs.opposites.get(said.phrase, ())
            fitting = opposites or drawn(_others(sentence, lexicon, said), rng)
            agreeing = _prepositions(sentence, lexicon, said) if opposites else ()
            named = {word.lower for word in sentence.words}
            if not opposites:
                fitting = [verb for verb in fitting if lexicon.inflection.verb(verb, said.tag) not in named]
            yield [made for verb in fitting if (made := _put(sentence, lexicon, said, verb, agreeing))]


def same_verbs(sentence: Sentence, lexicon: Lexicon) -> Iterator[Place]:
    """Yield other verbs for the same action."""
    for group in sentence.verb_groups:
        said = _said(sentence, lexicon, group)
        if said and said.phrase in lexicon.synonyms.verbs:
            found = [_put(sentence, lexicon, said, verb) for verb in lexicon.synonyms.verbs[said.phrase]]
            yield [made for made in found if made]


def _said(sentence: Sentence, lexicon: Lexicon, group: VerbGroup) -> _Said | None:
    """Return the verb of a group in the longest phrase that is known; None for one of unknown words."""
    at, word = group.main, sentence.words[group.main]
    for lemma, tag in lexicon.verb_forms.get(word.lower, ()):
        if tag != word.tag and not {tag, word.tag} <= {"VBD", "VBN"} and not {tag, word.tag} <= {"VB", "VBP"}:
            continue
        for phrase in lexicon.verb_phrases.get(lemma, ()):
            rest = phrase.split()[1:]
            length = sentence.says(at + 1, " ".join(rest)) if rest else 0
            if length == len(rest):
                if not rest and (sentence.tag(at + 1) == "RP" or _particle_apart(sentence, at)):
                    continue
                return _Said(at, at + 1 + length, phrase, word.tag)
            apart = _particle_apart(sentence, at)
            if len(rest) == 1 and apart is not None and sentence.lower(apart) == rest[0]:
                return _Said(at, at + 1, phrase, word.tag, apart)
    return None


def _particle_apart(sentence: Sentence, at: int) -> int | None:
    """Return where the particle of a verb stands behind its object, as in "puts a plate down"."""
    past = at + 1
    if sentence.tag(past) == "PRP":
        past += 1
    else:
        past = next((phrase.past for phrase in sentence.noun_phrases if phrase.first == at + 1), past)
    is_particle = past > at + 1 and sentence.lower(past) in ("up", "down", "off", "on", "out", "back", "away", "in")
    return past if is_particle and sentence.tag(past + 1) not in (*_BEGIN_A_NOUN, "IN") else None


def _others(sentence: Sentence, lexicon: Lexicon, said: _Said) -> list[str]:
    """Return other actions that could stand in the same words."""
    table, after = lexicon.verbs, said.past
    _, stop = sentence.clause_of(said.at)
    rest = [word.lower for word in sentence.words[after:stop]]
    if said.particle is not None:
        return []
    if _is_passive(sentence, said):
        return [*table.with_object.get(said.phrase, ())]
    if sentence.tag(after) in _BEGIN_A_NOUN:
        phrase = next((p for p in sentence.noun_phrases if p.first == after), None)
        end = phrase.past if phrase else after + 1
        if sentence.tag(end) == "JJ":
            return []
        if any(word in _SOMEWHERE for word in rest[end - after :]):
            return [*table.going.get(said.phrase, ())]
        return [*table.with_object.get(said.phrase, ()), *table.going.get(said.phrase, ())]
    if sentence.tag(after) in ("VBG", "TO") or sentence.tag(after) == "RP":
        return []
    others = [*table.alone.get(said.phrase, ())]
    if any(word in _WAYS for word in rest):
        others = [verb for verb in others if verb.split()[0] in table.motion] if said.phrase in table.motion else []
    doers = [phrase.head for phrase in sentence.noun_phrases if phrase.head < said.at]
    if doers and lexicon.is_living(sentence.lower(doers[-1])) is False:
        others = [verb for verb in others if verb.split()[0] in table.motion]
    return others


def _is_passive(sentence: Sentence, said: _Said) -> bool:
    return said.tag == "VBN" and any(sentence.lower(at) in (*BE, "being", "been") for at in (said.at - 1, said.at - 2))


def _prepositions(sentence: Sentence, lexicon: Lexicon, said: _Said) -> list[Replacement]:
    """Return the prepositions that change because the verb becomes its opposite: unloads from, loads onto."""
    changing, (_, stop) = lexicon.verbs.prepositions.get(said.phrase, {}), sentence.clause_of(said.at)
    found = [at for at in range(said.past, stop) if sentence.lower(at) in changing][:1]
    return [Replacement(at, at + 1, changing[sentence.lower(at)]) for at in found]


def _put(
    sentence: Sentence, lexicon: Lexicon, said: _Said, verb: str, agreeing: Sequence[Replacement] = ()
) -> Rewrite | None:
    """Return the verb replaced by another in the same form; None where it has none, or its words cannot stand so."""
    form = lexicon.inflection.verb(verb, said.tag)
    if form is None or (" " in form and _is_passive(sentence, said)):
        return None
    first, _, rest = form.partition(" ")
    if said.particle is not None:
        if len(rest.split()) != 1:
            return None
        new = Replacement(said.particle, said.particle + 1, rest)
        before = f"{sentence.words[said.at].text} … {sentence.words[said.particle].text}"
        return Rewrite((Replacement(said.at, said.at + 1, first), new, *agreeing), before, f"{first} … {rest}")
    has_pronoun = sentence.tag(said.past) == "PRP"
    is_split = len(rest.split()) == 1 and rest in ("up", "down", "on", "off", "out", "away")
    if has_pronoun and is_split:
        return Rewrite(
            (Replacement(said.at, said.past, first), Replacement(said.past + 1, said.past + 1, rest)),
            sentence.part(said.at, said.past),
            form,
        )
    return swap(sentence, said.at, said.past, form, *agreeing)
