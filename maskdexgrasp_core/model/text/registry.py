"""The sentence encoders by name."""

from collections.abc import Callable

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.model.text.clip import ClipEncoder
from maskdexgrasp_core.model.text.encoder import SentenceEncoder
from maskdexgrasp_core.model.text.minilm import MiniLmEncoder

SENTENCE_ENCODERS: dict[str, Callable[[], SentenceEncoder]] = {
    MiniLmEncoder.name: MiniLmEncoder,
    ClipEncoder.name: ClipEncoder,
}
"""Name -> what loads the encoder. The first needs no network; the second is the paper's."""


def load_sentence_encoder(name: str = MiniLmEncoder.name) -> SentenceEncoder:
    """Return the encoder registered under `name`.

    Raises:
        UnknownNameError: If there is none of this name; the text lists those that exist.
        EncoderUnavailableError: If its weights are not on this machine.
    """
    if name not in SENTENCE_ENCODERS:
        raise UnknownNameError('sentence encoder', name, list(SENTENCE_ENCODERS))
    return SENTENCE_ENCODERS[name]()
