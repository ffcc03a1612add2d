"""The offline writer: a small grammar over task, object, part, fingers and approach.

A seed draws a plan: frame, verb, names of object and part, what else is said and in which order.
`Clause` then puts it into the four forms, so that all four say the same.
"""

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from maskdexgrasp_core.dataset.sentences.clause import Clause, Phrase
from maskdexgrasp_core.dataset.sentences.facts import FROM_TOP, SentenceFacts, Sentences
from maskdexgrasp_core.dataset.sentences.frames import (
    ON_THE_PART,
    ROUND,
    USING,
    Situation,
    frame_verbs,
    frame_weights,
    needs_purpose,
    part_prepositions,
    purposes,
)
from maskdexgrasp_core.dataset.sentences.lexicon import (
    ADVERBS,
    AGENTS,
    AGENTS_WITHOUT_HAND,
    APPROACH_PHRASES,
    BETWEEN_TASKS,
    RESULTS,
    ROUND_VERBS,
    Verb,
    verb,
)
from maskdexgrasp_core.dataset.sentences.nouns import (
    NounPhrase,
    finger_phrases,
    named_part,
    object_phrases,
    part_phrases,
    plain_words,
)
from maskdexgrasp_core.hands.spec import PARTS

_COLOR, _FINGERS, _APPROACH, _PURPOSE, _RESULT, _ADVERB = 0.65, 0.65, 0.5, 0.3, 0.25, 0.2
"""How often each is said where it is known."""
_OPENING, _APPROACHING, _FINGERS_ACT, _BEHIND = 0.2, 0.5, 0.3, 0.3
"""How often a phrase opens the sentence, and then says 'approaching'; how often the fingers act
themselves, and the particle comes last."""
_MOST_EXTRAS = 3
"""Of adverb, fingers, approach, purpose; more would make a sentence heavy."""
_LONG_THEME = 4
"""Words from which the particle stays with the verb."""
_UNLIKE_FINGERS = ('take', 'seize', 'drag', 'use')
"""Verbs of which a hand is the agent, not its fingers."""
_Item = TypeVar('_Item')


@dataclass(frozen=True)
class _Extras:
    """What a sentence says besides verb, object and part."""

    adverb: str = ''
    fingers: NounPhrase | None = None
    approach: str = ''
    purpose: str = ''
    result: str = ''


def sentence_seed(seed: int, grasp_id: str) -> int:
    """Return the seed of one grasp's sentences, given that of the whole set."""
    return zlib.crc32(f'{seed}/{grasp_id}'.encode())


def write_sentences(facts: SentenceFacts, seed: int) -> Sentences:
    """Write the four sentences of a grasp; the same facts and seed give the same sentences.

    Args:
        facts: What is known of the grasp. A part is always named, unless it is the whole object;
            colour, fingers and approach are named more often than not.
        seed: Any integer; decides verb, order and what is left out.

    Returns:
        Basic, present, progressive and passive form, each one sentence with a full stop.
    """
    fingers = tuple(part for part in PARTS if part in facts.fingers)
    known = (facts.task, facts.category, facts.part, facts.color_name, *fingers, facts.approach)
    rng = random.Random('|'.join([*map(str, known), str(seed)]))
    category = plain_words(facts.category)
    part = named_part(category, facts.part)
    situation = Situation(facts.task, category, part, fingers)
    color = plain_words(facts.color_name) if rng.random() < _COLOR else ''
    usual, *others = object_phrases(category, color)
    thing = rng.choice([usual, usual, *others])
    weights = frame_weights(situation)
    frame = rng.choices(list(weights), list(weights.values()))[0]
    extras = _draw_extras(rng, situation, frame, thing, facts.approach)
    if frame == ROUND:
        clause = _round_clause(rng, situation, thing, extras)
    else:
        clause = _plain_clause(rng, situation, frame, thing, extras)
    return clause.sentences()


def _draw_extras(
    rng: random.Random, situation: Situation, frame: str, thing: NounPhrase, approach: str
) -> _Extras:
    """Draw what else is said; what does not go together is not said together."""
    task = situation.task
    result = _maybe(rng, _RESULT, RESULTS.get(task, ()))
    chance = 1.0 if needs_purpose(situation, frame) else _PURPOSE
    purpose = '' if result else _maybe(rng, chance, purposes(situation, frame))
    phrases = APPROACH_PHRASES.get(approach, ())
    odd = (task == 'support' and approach == FROM_TOP) or (frame == USING and not situation.part)
    said = '' if result or odd else _maybe(rng, _APPROACH, phrases)
    known = finger_phrases(situation.fingers)
    fingers = rng.choice(known) if known and rng.random() < _FINGERS else None
    adverb = _maybe(rng, _ADVERB, ADVERBS[task])
    if sum(map(bool, (adverb, fingers, said, purpose or result))) > _MOST_EXTRAS:
        adverb = ''
    return _Extras(adverb, fingers, said, purpose.format(it=thing.pronoun), result)


def _plain_clause(
    rng: random.Random, situation: Situation, frame: str, thing: NounPhrase, extras: _Extras
) -> Clause:
    """Build 'lift the mug by its handle' and 'twist the lid of the jar'."""
    action = rng.choice(frame_verbs(situation, frame))
    theme, phrases = thing, [Phrase.same(extras.result)]
    if frame == ON_THE_PART:
        if situation.part:
            names = part_phrases(thing, situation.category, situation.part)
            theme = names[0] if action.particle == 'on' else rng.choice(names)
    elif situation.part:
        phrases.append(_held_by(rng, situation, frame, thing, action))
    agent = _agent(rng, extras, action)
    opening, modifiers = _modifiers(rng, situation, extras, agent)
    phrases += [*modifiers, Phrase.same(extras.purpose)]
    return Clause(
        agent=agent,
        verb=action,
        theme=theme,
        adverb=extras.adverb,
        opening=opening,
        phrases=tuple(phrases),
        particle_behind=action.particle_moves
        and len(theme.text.split()) < _LONG_THEME
        and rng.random() < _BEHIND,
    )


def _round_clause(
    rng: random.Random, situation: Situation, thing: NounPhrase, extras: _Extras
) -> Clause:
    """Build 'wrap the fingers around the body of the mug'."""
    theme = extras.fingers or rng.choice(
        [NounPhrase('the', 'fingers', plural=True), NounPhrase('the', 'hand')]
    )
    has_hand = 'hand' in theme.words.split()
    fingers_only = not has_hand and 'palm' not in theme.words
    names = ROUND_VERBS if fingers_only else tuple(v for v in ROUND_VERBS if v != 'curl')
    target = f'the {situation.part} of {thing.text}' if situation.part else thing.text
    phrases = [f'around {target}', extras.approach, extras.purpose]
    active = NounPhrase('its' if theme.determiner else '', theme.words, theme.plural)
    return Clause(
        agent=_noun(rng.choice(AGENTS_WITHOUT_HAND if has_hand else AGENTS)),
        verb=verb(rng.choice(names)),
        theme=theme,
        active_theme=active,
        adverb=extras.adverb,
        phrases=tuple(map(Phrase.same, phrases)),
    )


def _held_by(
    rng: random.Random, situation: Situation, frame: str, thing: NounPhrase, action: Verb
) -> Phrase:
    """Say which part is held: 'by its handle'; of a thing in use, 'holding it by its handle'."""
    holding = verb('hold') if frame == USING else action
    preposition = rng.choice(part_prepositions(situation, holding))
    determiner = rng.choice([thing.possessive, thing.possessive, 'the'])
    text = f'{preposition} {determiner} {situation.part}'
    if frame != USING:
        return Phrase.same(text)
    active = f', holding {thing.pronoun} {text}'
    return Phrase(active, active, f'while held {text}')


def _agent(rng: random.Random, extras: _Extras, action: Verb) -> NounPhrase:
    """Draw who acts; the fingers themselves only where nothing more is meant than their touch."""
    fingers = extras.fingers
    if fingers is None:
        return _noun(rng.choice(AGENTS))
    if not extras.purpose and action.base not in _UNLIKE_FINGERS and rng.random() < _FINGERS_ACT:
        return fingers
    return _noun(rng.choice(AGENTS_WITHOUT_HAND if 'hand' in fingers.words else AGENTS))


def _modifiers(
    rng: random.Random, situation: Situation, extras: _Extras, agent: NounPhrase
) -> tuple[Phrase | None, list[Phrase]]:
    """Say fingers and approach in either order, one of them perhaps in front of the sentence."""
    said = [word for word in (extras.fingers, extras.approach) if word]
    rng.shuffle(said)
    in_front = said.pop() if said and rng.random() < _OPENING else None
    phrases = [
        Phrase.same(word)
        if isinstance(word, str)
        else _touching(_joining_words(situation, word), rng, word, agent)
        for word in said
    ]
    if isinstance(in_front, NounPhrase):
        return _touching(['with'], rng, in_front, agent), phrases
    if in_front and rng.random() < _APPROACHING:
        approaching = f'approaching {in_front}'
        return Phrase(approaching, approaching, f'in an approach {in_front}'), phrases
    return Phrase.same(in_front) if in_front else None, phrases


def _touching(
    joining: Sequence[str], rng: random.Random, fingers: NounPhrase, agent: NounPhrase
) -> Phrase:
    """Say with which fingers; the active forms leave it out where the fingers are the agent."""
    text = f'{rng.choice(joining)} {fingers.text}'
    return Phrase(text, '' if agent is fingers else text, text)


def _joining_words(situation: Situation, fingers: NounPhrase) -> list[str]:
    """Return what may join the fingers to the rest; 'with' counts three times."""
    words = ['with', 'with', 'with']
    if situation.task != 'use':
        words.append('using')
    opposed = 'thumb' in situation.fingers and 'palm' not in situation.fingers
    if opposed and fingers.plural and situation.task in BETWEEN_TASKS:
        words.append('between')
    return words


def _noun(text: str) -> NounPhrase:
    determiner, _, words = text.partition(' ')
    return NounPhrase(determiner, words)


def _maybe(rng: random.Random, chance: float, choices: Sequence[str]) -> str:
    """Draw one of the choices, or ''."""
    return rng.choice(choices) if choices and rng.random() < chance else ''
