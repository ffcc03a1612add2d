"""The four sentences of a grasp: an offline grammar, and a vision-language model (extra `vlm`)."""

from maskdexgrasp_core.dataset.sentences.facts import APPROACHES, SentenceFacts, Sentences
from maskdexgrasp_core.dataset.sentences.grammar import sentence_seed, write_sentences

__all__ = ['APPROACHES', 'SentenceFacts', 'Sentences', 'sentence_seed', 'write_sentences']
