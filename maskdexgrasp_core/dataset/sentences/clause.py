"""One statement and its four grammatical forms."""

from collections.abc import Iterable
from dataclasses import dataclass

from maskdexgrasp_core.dataset.sentences.facts import Sentences
from maskdexgrasp_core.dataset.sentences.lexicon import Verb
from maskdexgrasp_core.dataset.sentences.nouns import NounPhrase


@dataclass(frozen=True)
class Phrase:
    """What stands beside the verb and its object; the same in all forms, or not."""

    basic: str
    active: str
    """Of the present and the progressive; '' where the agent says it already."""
    passive: str

    @classmethod
    def same(cls, text: str) -> 'Phrase':
        """Return a phrase that does not change."""
        return cls(text, text, text)


@dataclass(frozen=True, kw_only=True)
class Clause:
    """Who does what to what; the order of the phrases is that of the sentence."""

    agent: NounPhrase
    """Of the present and progressive forms; the other two leave it out."""
    verb: Verb
    theme: NounPhrase
    """Object of the verb, subject of the passive."""
    active_theme: NounPhrase | None = None
    """In the present and progressive, where it differs: 'its fingers' for 'the fingers'."""
    adverb: str = ''
    opening: Phrase | None = None
    """Stands in front, before a comma."""
    phrases: tuple[Phrase, ...] = ()
    particle_behind: bool = False
    """Whether the particle of the verb stands behind the object."""

    def sentences(self) -> Sentences:
        """Return the basic, present, progressive and passive form."""
        active_theme = self.active_theme or self.theme
        third = self.verb.base if self.agent.plural else self.verb.third
        agent, be = self.agent.text, self.agent.be
        opening = self.opening or Phrase.same('')
        active = [phrase.active for phrase in self.phrases]
        return (
            _sentence(
                opening.basic,
                [self.adverb, *self._around(self.verb.base, self.theme)],
                [phrase.basic for phrase in self.phrases],
            ),
            _sentence(
                opening.active,
                [agent, self.adverb, *self._around(third, active_theme)],
                active,
            ),
            _sentence(
                opening.active,
                [agent, be, self.adverb, *self._around(self.verb.progressive, active_theme)],
                active,
            ),
            _sentence(
                opening.passive,
                [self.theme.text, self.theme.be, self.adverb, self.verb.participle],
                [self.verb.particle, *(phrase.passive for phrase in self.phrases)],
            ),
        )

    def _around(self, form: str, theme: NounPhrase) -> list[str]:
        if self.particle_behind or self.verb.particle_last:
            return [form, theme.text, self.verb.particle]
        return [form, self.verb.particle, theme.text]


def _sentence(opening: str, words: Iterable[str], phrases: Iterable[str]) -> str:
    text = ' '.join(filter(None, [*words, *phrases])).replace(' ,', ',')
    if opening:
        text = f'{opening}, {text}'
    return f'{text[0].upper()}{text[1:]}.'
