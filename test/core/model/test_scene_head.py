import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.object_encoder import ObjectEncoderCfg
from maskdexgrasp_core.model.scene_head import (
    SCENE_HEAD_PRESETS,
    SceneHead,
    SceneHeadCfg,
    scene_head_preset,
)


@pytest.fixture
def head() -> SceneHead:
    torch.manual_seed(0)
    return SceneHead(scene_head_preset('tiny')).eval()


def views(number: int) -> torch.Tensor:
    return 0.05 * torch.randn(number, 128, 3, generator=torch.Generator().manual_seed(1))


def sentences(number: int) -> torch.Tensor:
    return torch.randn(number, 384, generator=torch.Generator().manual_seed(2))


def test_every_pair_has_a_logit_that_does_not_depend_on_the_other_pairs(head: SceneHead) -> None:
    points, text = views(3), sentences(4)
    with torch.no_grad():
        logits = head(points, text)
        alone = head(points[1:2], text[2:3])
    assert logits.shape == (3, 4)
    torch.testing.assert_close(alone[0, 0], logits[1, 2], atol=1e-5, rtol=0)


def test_the_order_of_the_points_does_not_matter(head: SceneHead) -> None:
    points, text = views(2), sentences(2)
    with torch.no_grad():
        torch.testing.assert_close(
            head(points.flip(1), text), head(points, text), atol=1e-5, rtol=0
        )


def test_patches_found_before_a_turn_hold_after_it(head: SceneHead) -> None:
    points, text = views(2), sentences(1)
    turned = points[..., [1, 0, 2]] * torch.tensor([-1.0, 1.0, 1.0])
    with torch.no_grad():
        kept = head(turned, text, head.encoder.find_patches(points))
        torch.testing.assert_close(kept, head(turned, text), atol=1e-5, rtol=0)


def test_a_sentence_listens_most_to_the_token_that_is_most_like_it(head: SceneHead) -> None:
    sentence = torch.zeros(1, 32)
    sentence[0, 0] = 1.0
    tokens = torch.zeros(2, 5, 32)
    tokens[:, :, 1] = 1.0
    tokens[0, 3] = sentence[0]
    with torch.no_grad():
        like, unlike = (head.score(tokens, sentence) - head.bias)[:, 0] / head.log_scale.exp()
    assert unlike == 0.0
    assert like > 0.9


def test_weights_of_every_preset_are_small() -> None:
    for cfg in SCENE_HEAD_PRESETS.values():
        numbers = sum(value.numel() for value in SceneHead(cfg).state_dict().values())
        assert 4 * numbers < 3e6


def test_bad_settings_are_refused() -> None:
    with pytest.raises(UnknownNameError, match='base'):
        scene_head_preset('huge')
    with pytest.raises(InvalidInputError, match='8 points for 12 patches'):
        SceneHeadCfg(encoder=ObjectEncoderCfg(num_patches=12, patch_size=4), num_points=8)
    with pytest.raises(InvalidInputError, match='out of range'):
        SceneHeadCfg(text_dropout=1.0)
