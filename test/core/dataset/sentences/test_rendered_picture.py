import io
from dataclasses import replace

import numpy as np
from PIL import Image

from maskdexgrasp_core.dataset.sentences.rendered_picture import RenderedGrasp
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.objects import make_object

T_OBJECT_WRIST = np.eye(4)
T_OBJECT_WRIST[:3, 3] = [0.0, 0.0, 0.25]


def rendered(seed: int = 0) -> RenderedGrasp:
    return RenderedGrasp(
        model=make_object('mug', seed),
        T_object_wrist=T_OBJECT_WRIST,
        joint_positions=SHADOW.open_positions,
    )


def test_the_object_is_blue_and_the_hand_pink_in_both_views() -> None:
    picture = np.asarray(Image.open(io.BytesIO(rendered().png()))).astype(int)
    assert picture.shape == (448, 896, 3)
    red, green, blue = np.moveaxis(picture, 2, 0)
    is_blue = (blue > red + 60) & (blue > green + 40)
    is_pink = (red > green + 40) & (red > blue + 20) & (blue > green)
    for view in (slice(0, 448), slice(448, 896)):
        assert is_blue[:, view].mean() > 0.01
        assert is_pink[:, view].mean() > 0.01


def test_the_digest_tells_grasps_apart_and_nothing_else() -> None:
    grasp = rendered()
    assert rendered().digest == grasp.digest
    assert rendered(seed=1).digest != grasp.digest
    bent = replace(grasp, joint_positions=SHADOW.open_positions + 0.01)
    assert bent.digest != grasp.digest
    as_stored = replace(grasp, T_object_wrist=T_OBJECT_WRIST.astype(np.float32))
    assert as_stored.digest == grasp.digest
